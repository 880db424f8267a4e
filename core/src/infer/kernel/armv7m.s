@ The walks of `armv7m.rs`, whose module doc explains the algebra: they compute the sums of a block's rows over the list
@ of single inputs that `singles.rs` draws.
@
@ Layout of the weight words of one pair of inputs. Each digit is the row whose weight is in that bit field (8 bits:
@ rows 0 to 5; 4 and 2 bits: rows 0 to 7):
@
@            31      24 23      16 15       8 7        0
@   8 bits   | second input       | first input        |
@   word 0   |    1    |    0     |    1     |    0    |
@   word 1   | first input        | second input       |      halfwords swapped
@            |    3    |    2     |    3     |    2    |
@   word 2   |    5    |    4     |    5     |    4    |      as word 0
@   4 bits   | second input       | first input        |
@   word 0   |  3 |  2 |  1 |  0  |  3 |  2 |  1 |  0  |      word 1: rows 7 to 4
@   2 bits   |7|6|5|4|3|2|1|0     |7|6|5|4|3|2|1|0     |
@
@ The most significant field of a halfword is in two's complement; the others have their sign bit inverted (offset
@ binary, weight + 2^(bits - 1)).
@
@ Worked examples, for an input of 3 that is the first of its pair, X = 3:
@
@   8 bits   Rows 2 to 5 have the weights 1, -1, 2 and 4. The word at byte 6 of the pair is 0x0482ff81. Masked with
@            0xff0000ff it is 4 * 2^24 + 129, times 3 it is 12 * 2^24 + 387: row 2 has 387 - 128 X = 3, and row 5 has
@            12. Rotated and masked it is -2^24 + 130, times 3 it is -3 * 2^24 + 390: row 4 has 390 - 128 X = 6, and row
@            3 has -3.
@   4 bits   Rows 0 to 3 have the weights 3, -2, 1 and 5: the halfword is 0x596b, and 0x596b596b duplicated. Masked with
@            0xf000000f it is 5 * 2^28 + 11, times 3 it is 15 * 2^28 + 33: row 0 has 33 - 8 X = 9, and row 3 has 15.
@            Rotated by 8 and masked it is 6 * 2^28 + 9, times 3 it is 18 * 2^28 + 27: row 2 has 27 - 8 X = 3, and row 1
@            has 18 - 8 X = -6.
@   2 bits   Rows 0 to 7 have the weights 1, -1, 0, 1, 0, 1, 1 and -1: the halfword is 0xfee7, and 0xfee7fee7
@            duplicated. Masked with 0xc0000003 it is -2^30 + 3, times 3 it is -3 * 2^30 + 9: row 0 has 9 - 2 X = 3, and
@            row 7 has -3. Rotated by 4 and masked it is 2^30 + 2, times 3 it is 3 * 2^30 + 6: row 2 has 6 - 2 X = 0,
@            and row 1 has 3 - 2 X = -3. Rotations by 8 and 12 give rows 4 and 3, 6 and 5.
@
@ In, for all walks: r0 list, r1 block, r2 sums. FN_ADDS is 1 with the feature `low-ram`: the 8-bit walk then separates
@ the rows and adds them to the existing sums; its r3 points to the sum of x of each pass.
@
@ Registers in the loops:
@
@        8 bits                              4 bits                     2 bits
@   r0   next slot                           next slot                  next slot
@   r1   x                                   x                          x
@   r2   offset                              distance, halfword         offset, halfword
@   r3   block, at the word of four rows     place in the block         block
@   r4   block, at the halfword of two       rows 0 and 3, low word     rows 0 and 7, low word
@   r5   scratch                             rows 0 and 3, high word    rows 0 and 7, high word
@   r6   end of the chunk                    rows 2 and 1, low          rows 2 and 1, low
@   r7   mask                                rows 2 and 1, high         rows 2 and 1, high
@   r8   rows a and d of the four, low       rows 4 and 7, low          rows 4 and 3, low
@   r9   rows a and d, high                  rows 4 and 7, high         rows 4 and 3, high
@   r10  rows c and b, low                   rows 6 and 5, low          rows 6 and 5, low
@   r11  rows c and b, high                  rows 6 and 5, high         rows 6 and 5, high
@   r12  A of the two rows                   scratch                    scratch
@   lr   T of the two rows                   mask                       mask

.syntax unified
.thumb

.macro FN_WALK name
.section .text.\name, "ax", %progbits
.global \name
.type \name, %function
.thumb_func
.balign 4
\name:
   push {r2, r4-r11, lr}
.endm

@ Starts a chunk, or branches to .Lend_of_pass_\bits if there is none. Leaves the bytes of code to skip in r2, and the
@ end of the chunk in \end; if that is r12, which the loop needs, also on the stack.
.macro FN_CHUNK bits, end
   ldm r0!, {r1, r2}
   cmp r1, #0
   beq .Lend_of_pass_\bits
   add \end, r0, r1
   .ifc \end, r12
   str r12, [sp, #FN_END]
   .endif
   add pc, r2
   nop
.endm

@ Fails to assemble unless the code of an unrolled loop, .Lround_\bits to here, takes FN_CODE_\bits bytes for each of
@ its 16 inputs, as `armv7m.rs` has it: a negative `.space` is an error.
.macro FN_CHECK_CODE bits
.Lround_end_\bits:
   .space (.Lround_end_\bits - .Lround_\bits) - 16 * FN_CODE_\bits
   .space 16 * FN_CODE_\bits - (.Lround_end_\bits - .Lround_\bits)
.endm

@ An input: two rows of one halfword by A and T, four rows of the other two halfwords by two 64-bit products.
.macro FN_EIGHT
   ldm r0!, {r1, r2}
   ldrsh r5, [r4, r2]
   mla r12, r5, r1, r12
   uxtb r5, r5
   mla lr, r5, r1, lr
   ldr r5, [r3, r2]
   and r2, r7, r5
   smlal r8, r9, r2, r1
   and r5, r7, r5, ror #16
   smlal r10, r11, r5, r1
.endm

@ Adds two sums to those at r1: the one in \low, and the one in \high:\higher.
.macro FN_EIGHT_ADD low, high, higher
   ldrd r2, r5, [r1]
   sbfx r6, \low, #0, #24
   add r2, r6
   adds r6, \high, #0x800000
   adc lr, \higher, #0
   lsrs r6, r6, #24
   orr r6, r6, lr, lsl #8
   add r5, r6
   strd r2, r5, [r1], #8
.endm

@ Stack frame of the 8-bit walk, above it r2 and what FN_WALK saves. Between passes the first two words are popped.
.equ FN_8_SUMS, 0                  @ where the next pass writes its sums; with FN_ADDS the block's sums
.equ FN_8_FIRST, 4                 @ r3 of the first pass
.equ FN_8_X, 8                     @ only with FN_ADDS: address of the next pass's sum of x

FN_WALK foldnet_armv7m_8
   .if FN_ADDS
   push {r3}
   .endif
   adds r3, r1, #6
   mov r4, r1
   mov r7, #0xff
   orr r7, r7, #0xff000000
   push {r2, r3}
   .if FN_ADDS                     @ sums start at minus their offset
.Lpass_8:
   ldr r2, [sp, #FN_8_X]
   ldr r5, [r2], #4
   str r2, [sp, #FN_8_X]
   lsls r5, r5, #7
   negs r2, r5
   asrs r5, r2, #31
   mov r9, r5
   mov r11, r5
   .else
.Lpass_8:
   movs r2, #0
   mov r9, r2
   mov r11, r2
   .endif
   mov r8, r2
   mov r10, r2
   mov r12, r2
   mov lr, r2
   FN_CHUNK 8, r6
.Lround_8:
   .rept 16
   FN_EIGHT
   .endr
   FN_CHECK_CODE 8
   cmp r0, r6
   bne .Lround_8
   adds r0, #8                     @ a pass is a single chunk: skip its terminating slot
   .if FN_ADDS                     @ the halfword has the first two rows of the six, or the last two
   ldrd r1, r2, [sp, #FN_8_SUMS]
   mov r5, r1
   cmp r2, r3
   ite eq
   addeq r1, #8
   addne r5, #16
   sub r12, r12, lr
   ldrd r2, r6, [r5]
   add r2, lr
   add r6, r6, r12, asr #8
   strd r2, r6, [r5]
   FN_EIGHT_ADD r8, r10, r11
   FN_EIGHT_ADD r10, r8, r9
.Lend_of_pass_8:
   pop {r1, r2}
   .else
.Lend_of_pass_8:
   pop {r1, r2}
   stm r1!, {r8-r12, lr}
   .endif
   cmp r2, r3
   bne .Lend_8
   subs r3, #4
   adds r4, #10
   push {r1, r2}
   b .Lpass_8
.Lend_8:
   .if FN_ADDS
   add sp, #4
   .endif
   pop {r2, r4-r11, pc}

@ Four rows of 4 bits, whose halfword is in r2.
.macro FN_FOUR low0, high0, low1, high1
   orr r2, r2, r2, lsl #16
   and r12, lr, r2
   smlal \low0, \high0, r12, r1
   and r2, lr, r2, ror #8
   umlal \low1, \high1, r2, r1
.endm

@ Stack frame of the 4- and 2-bit walks, above it r2, the sums, and what FN_WALK saves.
.equ FN_END, 0                     @ end of the chunk
.equ FN_SECOND, 4                  @ start of the second pass (0 once it is running)
.equ FN_LOCALS, 8

@ Clears the sums of a 4- or 2-bit walk, and sets up the block's start and that of the second pass.
.macro FN_PASSES bits
   mov r3, r1
   adds r1, #2
   push {r0, r1}
   movs r4, #0
   mov r5, r4
   mov r6, r4
   mov r7, r4
   mov r8, r4
   mov r9, r4
   mov r10, r4
   mov r11, r4
.Lchunk_\bits:
   FN_CHUNK \bits, r12
.endm

@ Ends a round; continues with the second pass, or stores the sums after it.
.macro FN_PASSES_END bits
   FN_CHECK_CODE \bits
   ldr r2, [sp, #FN_END]
   cmp r0, r2
   bne .Lround_\bits
   adds r0, #8
.Lend_of_pass_\bits:
   ldr r3, [sp, #FN_SECOND]
   cbz r3, .Lend_\bits
   movs r2, #0
   str r2, [sp, #FN_SECOND]
   b .Lchunk_\bits
.Lend_\bits:
   add sp, #FN_LOCALS
   ldr r2, [sp]
   stm r2!, {r4-r11}
   pop {r2, r4-r11, pc}
.endm

FN_WALK foldnet_armv7m_4
   mov lr, #0xf
   orr lr, lr, #0xf0000000
   FN_PASSES 4
.Lround_4:
   .rept 16
   ldm r0!, {r1, r2}
   adds r3, r3, r2
   ldrh r2, [r3]
   FN_FOUR r4, r5, r6, r7
   ldrh r2, [r3, #4]
   FN_FOUR r8, r9, r10, r11
   .endr
   FN_PASSES_END 4

@ Two rows of 2 bits: those \rotation bits above the lowest and highest.
.macro FN_TWO low, high, rotation
   and r12, lr, r2, ror #\rotation
   umlal \low, \high, r12, r1
.endm

FN_WALK foldnet_armv7m_2
   mov lr, #0x3
   orr lr, lr, #0xc0000000
   FN_PASSES 2
.Lround_2:
   .rept 16
   ldm r0!, {r1, r2}
   ldrh r2, [r3, r2]
   orr r2, r2, r2, lsl #16
   and r12, lr, r2
   smlal r4, r5, r12, r1
   FN_TWO r6, r7, 4
   FN_TWO r8, r9, 8
   FN_TWO r10, r11, 12
   .endr
   FN_PASSES_END 2
