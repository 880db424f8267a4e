@ The walks of `armv6m.rs`, whose module doc explains the algebra: they compute the sums of a block's rows over the list
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
@ Worked examples, for an input of 3 that is the first of its pair:
@
@   8 bits   Rows 0 and 1 have the weights 5 and -2: the halfword is 0xfe85, or -379 as a signed number. The walk adds 3
@            * -379 = -1137 to A, and 3 * 0x85 = 399 to T. With X = 3, S0 = T - 128 X = 15 and S1 = (A - T) / 256 = -6.
@   4 bits   Rows 0 and 1 have the weights 3 and -2: the byte is 0x6b; times 0x1001 it is 0x6b06b; masked, 0x6000b: the
@            lanes 11 = 3 + 8 and 6 = -2 + 8. The walk adds 3 * 0x6000b = 0x120021, the lanes 33 and 18. With X = 3,
@            S0 = 33 - 8 X = 9 and S1 = 18 - 8 X = -6.
@   2 bits   Rows 0 to 3 have the weights 1, -1, 0, 1, and so the fields 3, 1, 2, 3: the byte is 0xe7. Entry 0xe7 of the
@            table is {0xffff0001, 0x00010000}: the lanes 1 and -1, 0 and 1, the borrow of -1 included. Times 3 they are
@            0xfffd0003 and 0x00030000, so that S0 = 3, S1 = (0xfffd0003 - 3) >> 16 = -3, S2 = 0 and S3 = 3. Rows 4 to 7
@            have the weights 0, 1, 1, -1. Row 7 is in two's complement, so the fields are 2, 3, 3, 3 and the byte is
@            0xfe, or -2 as a signed number. Entry 128 - 2 = 0x7e of the table is the one with row 7's sign bit
@            inverted, the fields 2, 3, 3, 1: {0x00010000, 0xffff0001}.
@
@ In, for all walks: r0 list, r1 block, r2 sums, and r3: 128 X (8 bits), 8 X (4 bits), table (2 bits). FN_ADDS is 1 with
@ the feature `low-ram`: walks then add to the existing sums, and the 8-bit walk continues with the following blocks;
@ its r3 is -128 X, and the stack holds the stride of the blocks in bytes, and the address of the last block's sums.
@
@ Registers in the loops:
@
@        8 bits                     4 bits                        2 bits
@   r0   next slot                  next slot                     next slot
@   r1   x                          x                             x
@   r2   offset                     offset                        offset
@   r3   scratch                    scratch                       scratch
@   r4   scratch                    mask                          scratch
@   r5   rows 0, 1 of the block     factor                        end of the chunk
@   r6   rows 2, 3                  low bytes of the halfwords    low bytes of the halfwords
@   r7   rows 4, 5                  high bytes                    high bytes
@   r8   A of rows 0, 1             sums of rows 0, 1             sums of rows 0, 1
@   r9   T of rows 0, 1             sums of rows 2, 3             sums of rows 2, 3
@   r10  A of rows 2, 3             sums of rows 4, 5             sums of rows 4, 5
@   r11  T of rows 2, 3             sums of rows 6, 7             sums of rows 6, 7
@   r12  A of rows 4, 5             end of the chunk              middle of the table
@   lr   T of rows 4, 5             pass                          table
@
@ The pass is 0 for the first inputs of pairs, 1 for the second.

.syntax unified
.thumb

@ Bytes that FN_SAVE pushes.
.equ FN_SAVED, 36

.macro FN_SAVE
   push {r4-r7, lr}
   mov r4, r8
   mov r5, r9
   mov r6, r10
   mov r7, r11
   push {r4-r7}
.endm

.macro FN_RETURN
   pop {r4-r7}
   mov r8, r4
   mov r9, r5
   mov r10, r6
   mov r11, r7
   pop {r4-r7, pc}
.endm

@ Fails to assemble unless the code of an unrolled loop, .Lround_\bits to here, takes FN_CODE_\bits bytes for each of
@ its \inputs, as `armv6m.rs` has it: a negative `.space` is an error.
.macro FN_CHECK_CODE bits, inputs
.Lround_end_\bits:
   .space (.Lround_end_\bits - .Lround_\bits) - \inputs * FN_CODE_\bits
   .space \inputs * FN_CODE_\bits - (.Lround_end_\bits - .Lround_\bits)
.endm

@ Two rows of 8 bits: the whole halfword, and its low byte.
.macro FN_EIGHT base, whole, low
   ldrsh r3, [\base, r2]
   uxtb r4, r3
   muls r3, r1, r3
   add \whole, r3
   muls r4, r1, r4
   add \low, r4
.endm

@ Writes the sums of two rows to r0, from the sums of whole halfwords and of low bytes; r1 is the offset of the latter.
@ With FN_ADDS, whose sums start at minus the offset, adds them to those at r0.
.macro FN_EIGHT_ROWS whole, low
   mov r2, \low
   mov r3, \whole
   subs r3, r3, r2
   asrs r3, r3, #8
   .if FN_ADDS
   ldr r4, [r0]
   adds r2, r2, r4
   ldr r4, [r0, #4]
   adds r3, r3, r4
   .else
   subs r2, r2, r1
   .endif
   stm r0!, {r2, r3}
.endm

@ Stack frame of the 8-bit walk.
.equ FN_8_END, 0                   @ end of the chunk
.equ FN_8_PASS, 4
.equ FN_8_SUMS, 8
.equ FN_8_OFFSET, 12               @ 128 X; with FN_ADDS -128 X
.equ FN_8_LOCALS, 16
.equ FN_8_LIST, FN_8_LOCALS        @ this and the arguments on the stack only with FN_ADDS
.equ FN_8_STRIDE, FN_8_LIST + 4 + FN_SAVED
.equ FN_8_LAST, FN_8_STRIDE + 4

.section .text.foldnet_armv6m_8, "ax", %progbits
.global foldnet_armv6m_8
.type foldnet_armv6m_8, %function
.thumb_func
.balign 4
foldnet_armv6m_8:
   FN_SAVE
   .if FN_ADDS
   push {r0}
   .endif
   sub sp, #FN_8_LOCALS
   str r2, [sp, #FN_8_SUMS]
   str r3, [sp, #FN_8_OFFSET]
   .if FN_ADDS
.Lblock_8:
   .endif
   mov r5, r1
   adds r6, r5, #6
   adds r7, r5, #7
   adds r7, #1
   movs r3, #0
   str r3, [sp, #FN_8_PASS]
   .if FN_ADDS
   ldr r3, [sp, #FN_8_OFFSET]
   .endif
   mov r8, r3
   mov r9, r3
   mov r10, r3
   mov r11, r3
   mov r12, r3
   mov lr, r3
.Lchunk_8:
   ldm r0!, {r2, r3}
   cmp r2, #0
   bne .Lenter_8
   b .Lend_of_pass_8
.Lenter_8:
   adds r2, r2, r0
   str r2, [sp, #FN_8_END]
   add pc, r3
   nop
.Lround_8:
   .rept 16
   ldm r0!, {r1, r2}
   FN_EIGHT r5, r8, r9
   FN_EIGHT r6, r10, r11
   FN_EIGHT r7, r12, lr
   .endr
   FN_CHECK_CODE 8, 16
   ldr r3, [sp, #FN_8_END]
   cmp r0, r3
   beq .Lend_of_chunk_8
   b .Lround_8
.Lend_of_chunk_8:
   adds r0, #8                     @ a pass is a single chunk: skip its terminating slot
.Lend_of_pass_8:
   ldr r3, [sp, #FN_8_PASS]
   cmp r3, #0
   bne .Lrows_8
   .if FN_ADDS                     @ the list of a strip often has no second pass
   ldr r3, [r0]
   cmp r3, #0
   beq .Lrows_8
   .endif
   movs r3, #1
   str r3, [sp, #FN_8_PASS]
   adds r5, #2
   subs r6, #2
   adds r7, #2
   b .Lchunk_8
.Lrows_8:
   ldr r0, [sp, #FN_8_SUMS]
   .if FN_ADDS == 0
   ldr r1, [sp, #FN_8_OFFSET]
   .endif
   FN_EIGHT_ROWS r8, r9
   FN_EIGHT_ROWS r10, r11
   FN_EIGHT_ROWS r12, lr
   .if FN_ADDS                     @ to the next block, with the same list
   ldr r1, [sp, #FN_8_LAST]
   cmp r0, r1
   bhi .Lend_8
   str r0, [sp, #FN_8_SUMS]
   ldr r0, [sp, #FN_8_LIST]
   ldr r2, [sp, #FN_8_PASS]
   lsls r2, r2, #1
   subs r5, r5, r2                 @ the second pass is offset by two bytes
   ldr r1, [sp, #FN_8_STRIDE]
   adds r1, r1, r5
   b .Lblock_8
.Lend_8:
   add sp, #4
   .endif
   add sp, #FN_8_LOCALS
   FN_RETURN

@ Spreads the two 4-bit rows of the byte in r3 to 16-bit lanes, multiplies them by x and adds them to the sums.
.macro FN_FOUR sums
   muls r3, r5, r3
   ands r3, r4
   muls r3, r1, r3
   add \sums, r3
.endm

@ Adds the two sums of a chunk in \sums to the totals at r2. \shift is LSRS if the upper row is in offset binary, ASRS
@ if it is signed.
.macro FN_FOUR_FLUSH sums, shift
   ldr r4, [r2]
   ldr r5, [r2, #4]
   mov r1, \sums
   uxth r3, r1
   adds r4, r4, r3
   \shift r1, r1, #16
   adds r5, r5, r1
   stm r2!, {r4, r5}
.endm

@ Stack frame of the 4- and 2-bit walks.
.equ FN_SUMS, 0
.equ FN_PASS, 4                    @ 2 bits only: at 4 bits it is in lr
.equ FN_LOCALS, 8

.section .text.foldnet_armv6m_4, "ax", %progbits
.global foldnet_armv6m_4
.type foldnet_armv6m_4, %function
.thumb_func
.balign 4
foldnet_armv6m_4:
   FN_SAVE
   sub sp, #FN_LOCALS
   str r2, [sp, #FN_SUMS]
   mov r6, r1
   negs r1, r3
   movs r5, #0
   mov lr, r5                      @ pass
   .if FN_ADDS
   .irp at, 0, 4, 8, 16, 20, 24
   ldr r3, [r2, #\at]
   adds r3, r3, r1
   str r3, [r2, #\at]
   .endr
   .else
   mov r3, r1
   mov r4, r1
   stm r2!, {r1, r3, r4, r5}
   stm r2!, {r1, r3, r4, r5}
   .endif
   adds r7, r6, #1
.Lchunk_4:
   movs r3, #0
   mov r8, r3
   mov r9, r3
   mov r10, r3
   mov r11, r3
   ldr r4, .Lmask_4
   ldr r5, .Lfactor_4
   ldm r0!, {r2, r3}
   cmp r2, #0
   bne .Lenter_4
   b .Lend_of_pass_4
.Lenter_4:
   adds r2, r2, r0
   mov r12, r2                     @ end of the chunk
   add pc, r3
   nop
.Lround_4:
   .rept 8
   ldm r0!, {r1, r2}
   ldrb r3, [r6, r2]
   FN_FOUR r8
   ldrsb r3, [r7, r2]
   FN_FOUR r9
   adds r2, #4
   ldrb r3, [r6, r2]
   FN_FOUR r10
   ldrsb r3, [r7, r2]
   FN_FOUR r11
   .endr
   FN_CHECK_CODE 4, 8
   cmp r0, r12
   beq .Lend_of_chunk_4
   b .Lround_4
.Lend_of_chunk_4:
   ldr r2, [sp, #FN_SUMS]
   FN_FOUR_FLUSH r8, lsrs
   FN_FOUR_FLUSH r9, asrs
   FN_FOUR_FLUSH r10, lsrs
   FN_FOUR_FLUSH r11, asrs
   b .Lchunk_4
.Lend_of_pass_4:
   mov r3, lr
   cmp r3, #0
   bne .Lend_4
   movs r3, #1
   mov lr, r3
   adds r6, #2
   adds r7, #2
   b .Lchunk_4
.Lend_4:
   add sp, #FN_LOCALS
   FN_RETURN
.balign 4
.Lmask_4:
   .word 0xffff000f
.Lfactor_4:
   .word 0x00001001

@ Adds x times the four 2-bit rows of the byte in r3, signed or not, which indexes \table.
.macro FN_TWO table, low, high
   lsls r3, r3, #3
   add r3, \table
   ldm r3, {r3, r4}
   muls r3, r1, r3
   muls r4, r1, r4
   add \low, r3
   add \high, r4
.endm

@ Adds the two signed sums of a chunk in \sums to the totals at r2.
.macro FN_TWO_FLUSH sums
   ldr r4, [r2]
   ldr r5, [r2, #4]
   mov r1, \sums
   sxth r3, r1
   adds r4, r4, r3
   subs r1, r1, r3
   asrs r1, r1, #16
   adds r5, r5, r1
   stm r2!, {r4, r5}
.endm

.section .text.foldnet_armv6m_2, "ax", %progbits
.global foldnet_armv6m_2
.type foldnet_armv6m_2, %function
.thumb_func
.balign 4
foldnet_armv6m_2:
   FN_SAVE
   sub sp, #FN_LOCALS
   str r2, [sp, #FN_SUMS]
   mov lr, r3                      @ the table, and its middle: 128 entries of 8 bytes
   movs r4, #4
   lsls r4, r4, #8
   adds r4, r4, r3
   mov r12, r4
   mov r6, r1
   adds r7, r6, #1
   movs r3, #0
   str r3, [sp, #FN_PASS]
   .if FN_ADDS == 0
   movs r4, #0
   movs r5, #0
   movs r1, #0
   stm r2!, {r1, r3, r4, r5}
   stm r2!, {r1, r3, r4, r5}
   .endif
.Lchunk_2:
   movs r3, #0
   mov r8, r3
   mov r9, r3
   mov r10, r3
   mov r11, r3
   ldm r0!, {r2, r3}
   cmp r2, #0
   bne .Lenter_2
   b .Lend_of_pass_2
.Lenter_2:
   adds r5, r2, r0                 @ end of the chunk
   add pc, r3
   nop
.Lround_2:
   .rept 8
   ldm r0!, {r1, r2}
   ldrb r3, [r6, r2]
   FN_TWO lr, r8, r9
   ldrsb r3, [r7, r2]
   FN_TWO r12, r10, r11
   .endr
   FN_CHECK_CODE 2, 8
   cmp r0, r5
   beq .Lend_of_chunk_2
   b .Lround_2
.Lend_of_chunk_2:
   ldr r2, [sp, #FN_SUMS]
   FN_TWO_FLUSH r8
   FN_TWO_FLUSH r9
   FN_TWO_FLUSH r10
   FN_TWO_FLUSH r11
   b .Lchunk_2
.Lend_of_pass_2:
   ldr r3, [sp, #FN_PASS]
   cmp r3, #0
   bne .Lend_2
   movs r3, #1
   str r3, [sp, #FN_PASS]
   adds r6, #2
   adds r7, #2
   b .Lchunk_2
.Lend_2:
   add sp, #FN_LOCALS
   FN_RETURN

@ Requantizes sums to bytes. A row is two words, its bias and worst << 24 | shift << 16 | multiplier; a byte is
@ floor(sum multiplier / 2^(15 + shift) + 1/2), clamped.
@
@ In: r0 rows, r1 sums, r2 end of the bytes, r3 minus their number.
@
@   r0 next row     r2 end of the bytes      r4 sum, byte     r6 multiplier
@   r1 next sum     r3 minus bytes left      r5 shift         r7 scratch
.section .text.foldnet_armv6m_bytes, "ax", %progbits
.global foldnet_armv6m_bytes
.type foldnet_armv6m_bytes, %function
.thumb_func
.balign 4
foldnet_armv6m_bytes:
   push {r4-r7, lr}
.Lrow:
   ldm r0!, {r4, r5}
   ldm r1!, {r6}
   adds r4, r4, r6
   bmi .Lzero
   uxth r6, r5
   lsrs r5, r5, #16                @ `worst` stays above the shift: LSR only uses the lowest byte
   lsrs r7, r4, #15                @ sum = 2^15 r7 + r4
   muls r7, r6, r7
   lsls r4, r4, #17
   lsrs r4, r4, #17
   muls r4, r6, r4
   lsrs r4, r4, #15
   adds r4, r4, r7                 @ below 2^31, so no carry, and a shift of 0 leaves C clear
   movs r7, #0
   lsrs r4, r5
   adcs r4, r7                     @ the last bit shifted out rounds
   cmp r4, #255
   bls .Lbyte
   movs r4, #255
.Lbyte:
   strb r4, [r2, r3]
   adds r3, #1
   bne .Lrow
   pop {r4-r7, pc}
.Lzero:
   movs r4, #0
   strb r4, [r2, r3]
   adds r3, #1
   bne .Lrow
   pop {r4-r7, pc}
