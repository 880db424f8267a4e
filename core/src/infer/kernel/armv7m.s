@ The walks of `armv7m.rs`, whose head has the algebra: what a block's rows add up to over a list of single inputs.
@
@ Words of a pair of inputs, a bit field for each row's weight (8 bits: rows 0 to 5; 4 and 2 bits: rows 0 to 7):
@
@            31      24 23      16 15       8 7        0
@   8 bits   | second input       | first input        |
@   word 0   |    1    |    0     |    1     |    0    |
@   word 1   | first input        | second input       |      the halves are exchanged
@            |    3    |    2     |    3     |    2    |
@   word 2   |    5    |    4     |    5     |    4    |      as word 0
@   4 bits   | second input       | first input        |
@   word 0   |  3 |  2 |  1 |  0  |  3 |  2 |  1 |  0  |      word 1: rows 7 to 4
@   2 bits   |7|6|5|4|3|2|1|0     |7|6|5|4|3|2|1|0     |
@
@ The last row's field of a half is in two's complement, the others have their sign bit inverted.
@
@ An example, 8 bits. The input is the first of its pair, 3; rows 2 to 5 have the weights 1, -1, 2 and 4. The word at byte 6 is
@ 0x0482ff81. Masked with 0xff0000ff it is 4 * 2^24 + 129, times 3 it is 12 * 2^24 + 387: with X = 3, row 2 has
@ 387 - 128 X = 3, and row 5 has 12. Rotated and masked it is -2^24 + 130, times 3 it is -3 * 2^24 + 390: 6 and -3.
@
@ A list has a slot {bytes of inputs, bytes of code to skip} for each chunk, then one {x, offset} for each input, at 4 bits
@ {x, distance from the input before}; a slot of zeros ends each of the two passes (first inputs of pairs, then second ones).
@
@ In, for all walks: r0 the list, r1 the block, r2 the sums. Loops:
@
@        8 bits                                4 bits                      2 bits
@   r0   next slot                             next slot                   next slot
@   r1   x                                     x                           x
@   r2   offset                                distance, the half          offset, the half
@   r3   block, at the word of four rows       place in the block          block
@   r4   block, at the half of two rows        r4 to r11: four sums of     as 4 bits
@   r5   scratch                               64 bits, each two rows
@   r6   end of the chunk
@   r7   mask
@   r8, r9    first and last of the four rows
@   r10, r11  third and second
@   r12  A of the two rows                     scratch                     scratch
@   lr   T                                     mask                        mask
@   sp   the sums, the block at byte 6         end of the chunk, begin of the second pass (0: under way), the sums
@
@ FN_ADDS is 1 with the feature `low-ram`: the walk of 8 bits makes sums of rows, and adds them to those that are there; r3 is
@ then the sum of x of each pass, and on the stack above the block.

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

@ Begins a chunk: to .Lend_of_pass_\bits where there is none; what to skip in r2, the end in \end.
.macro FN_CHUNK bits, end
   ldm r0!, {r1, r2}
   cmp r1, #0
   beq .Lend_of_pass_\bits
   add \end, r0, r1
   .ifc \end, r12
   str r12, [sp]
   .endif
   add pc, r2
   nop
.endm

@ An input: two rows of one half by A and T, four of the others by two products of 64 bits.
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

@ Adds two sums to those at r1: the low one of \low, and the high one of \high and \higher.
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

FN_WALK foldnet_armv7m_8
   .if FN_ADDS
   push {r3}
   .endif
   adds r3, r1, #6
   mov r4, r1
   mov r7, #0xff
   orr r7, r7, #0xff000000
   push {r2, r3}
   .if FN_ADDS                     @ each sum begins at what it is too large, negated
.Lpass_8:
   ldr r2, [sp, #8]
   ldr r5, [r2], #4
   str r2, [sp, #8]
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
   cmp r0, r6
   bne .Lround_8
   adds r0, #8
   .if FN_ADDS                     @ the half's rows are the first two of the six, or the last two
   ldrd r1, r2, [sp]
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

@ Four rows of 4 bits, whose half is in r2.
.macro FN_FOUR low0, high0, low1, high1
   orr r2, r2, r2, lsl #16
   and r12, lr, r2
   smlal \low0, \high0, r12, r1
   and r2, lr, r2, ror #8
   umlal \low1, \high1, r2, r1
.endm

@ Clears the sums of a walk of 4 or 2 bits, takes the block's begin and that of the second pass.
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

@ Ends a round; after the first pass goes on to the second, after that stores the sums.
.macro FN_PASSES_END bits
   ldr r2, [sp]
   cmp r0, r2
   bne .Lround_\bits
   adds r0, #8
.Lend_of_pass_\bits:
   ldr r3, [sp, #4]
   cbz r3, .Lend_\bits
   movs r2, #0
   str r2, [sp, #4]
   b .Lchunk_\bits
.Lend_\bits:
   add sp, #8
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

@ Two rows of 2 bits, \rotation bits up.
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
