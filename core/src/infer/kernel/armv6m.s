@ The walks of `armv6m.rs`, whose head has the algebra: the sums of a block's rows over a list of single inputs.
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
@ An example, 8 bits. The input is 3, row 0 has the weight 5, row 1 has -2: the half is 0xfe85, as a signed number -379. The
@ walk adds 3 * -379 = -1137 to A, and 3 * 0x85 = 399 to T. With X = 3, S0 = T - 128 X = 15, and S1 = (A - T) / 256 = -6.
@ 4 bits, rows 0 and 1 with 3 and -2: the byte is 0x6b, times 0x1001 it is 0x6b06b, and masked 0x6000b: 11 and 6, each 8 more
@ than the weight.
@
@ A list has a slot {bytes of inputs, bytes of code to skip} for each chunk, then one {x, offset} for each input; a slot of
@ zeros ends each of the two passes (first inputs of pairs, then second ones).
@
@ In, for all walks: r0 the list, r1 the block, r2 the sums. Loops:
@
@        8 bits                     4 bits                        2 bits
@   r0   next slot                  next slot                     next slot
@   r1   x                          x                             x
@   r2   offset                     offset                        offset
@   r3   scratch                    scratch                       scratch
@   r4   scratch                    the mask                      scratch
@   r5   rows 0, 1 of the block     the factor                    end of the chunk
@   r6   rows 2, 3                  bytes 0 of its halves         bytes 0 of its halves
@   r7   rows 4, 5                  bytes 1                       bytes 1
@   r8, r9    A, T of rows 0, 1     sums of rows 0 to 3, in       sums of rows 0 to 3, in
@   r10, r11  A, T of rows 2, 3     pairs, and of 4 to 7          pairs, and of 4 to 7
@   r12, lr   A, T of rows 4, 5     end of the chunk, the pass    the table's middle, the table
@   sp        end of the chunk, the pass, the sums, 128 X; where there are several blocks, the list
@
@ FN_ADDS is 1 with the feature `low-ram`: walks add to the sums that are there, and that of 8 bits goes on to the next blocks.

.syntax unified
.thumb

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

@ Two rows of 8 bits: the whole half, and its low byte.
.macro FN_EIGHT base, whole, low
   ldrsh r3, [\base, r2]
   uxtb r4, r3
   muls r3, r1, r3
   add \whole, r3
   muls r4, r1, r4
   add \low, r4
.endm

@ Two rows to r0, from the sums of whole halves and of their low bytes; r1 is what the latter are too large.
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
   sub sp, #16
   str r2, [sp, #8]
   str r3, [sp, #12]
   .if FN_ADDS
.Lblock_8:
   .endif
   mov r5, r1
   adds r6, r5, #6
   adds r7, r5, #7
   adds r7, #1
   movs r3, #0
   str r3, [sp, #4]                @ which pass
   .if FN_ADDS
   ldr r3, [sp, #12]
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
   str r2, [sp]                    @ end of the chunk
   add pc, r3
   nop
.Lround_8:
   .rept 16
   ldm r0!, {r1, r2}
   FN_EIGHT r5, r8, r9
   FN_EIGHT r6, r10, r11
   FN_EIGHT r7, r12, lr
   .endr
   ldr r3, [sp]
   cmp r0, r3
   beq .Lend_of_chunk_8
   b .Lround_8
.Lend_of_chunk_8:
   adds r0, #8                     @ a pass is one chunk: past the slot that ends it
.Lend_of_pass_8:
   ldr r3, [sp, #4]
   cmp r3, #0
   bne .Lrows_8
   .if FN_ADDS                     @ a list that is a strip often has no second pass
   ldr r3, [r0]
   cmp r3, #0
   beq .Lrows_8
   .endif
   movs r3, #1
   str r3, [sp, #4]
   adds r5, #2
   subs r6, #2
   adds r7, #2
   b .Lchunk_8
.Lrows_8:
   ldr r0, [sp, #8]
   .if FN_ADDS == 0
   ldr r1, [sp, #12]
   .endif
   FN_EIGHT_ROWS r8, r9
   FN_EIGHT_ROWS r10, r11
   FN_EIGHT_ROWS r12, lr
   .if FN_ADDS                     @ to the next block, with the same list
   ldr r1, [sp, #60]
   cmp r0, r1
   bhi .Lend_8
   str r0, [sp, #8]
   ldr r0, [sp, #16]
   ldr r2, [sp, #4]
   lsls r2, r2, #1
   subs r5, r5, r2                 @ the second pass begins two bytes on
   ldr r1, [sp, #56]
   adds r1, r1, r5
   b .Lblock_8
.Lend_8:
   add sp, #4
   .endif
   add sp, #16
   FN_RETURN

@ Two rows of 4 bits, whose byte is in r3, to 16 bits apart.
.macro FN_FOUR sums
   muls r3, r5, r3
   ands r3, r4
   muls r3, r1, r3
   add \sums, r3
.endm

@ Adds two sums of a chunk to the totals at r2; the higher one is shifted by \shift.
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

.section .text.foldnet_armv6m_4, "ax", %progbits
.global foldnet_armv6m_4
.type foldnet_armv6m_4, %function
.thumb_func
.balign 4
foldnet_armv6m_4:
   FN_SAVE
   sub sp, #8
   str r2, [sp]
   mov r6, r1
   negs r1, r3
   movs r5, #0
   mov lr, r5                      @ which pass
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
   cmp r0, r12
   beq .Lend_of_chunk_4
   b .Lround_4
.Lend_of_chunk_4:
   ldr r2, [sp]
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
   add sp, #8
   FN_RETURN
.balign 4
.Lmask_4:
   .word 0xffff000f
.Lfactor_4:
   .word 0x00001001

@ Four rows of 2 bits, the table's index in r3.
.macro FN_TWO table, low, high
   lsls r3, r3, #3
   add r3, \table
   ldm r3, {r3, r4}
   muls r3, r1, r3
   muls r4, r1, r4
   add \low, r3
   add \high, r4
.endm

@ Adds two signed sums of a chunk to the totals at r2.
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
   sub sp, #8
   str r2, [sp]
   mov lr, r3                      @ the table, and its middle
   movs r4, #4
   lsls r4, r4, #8
   adds r4, r4, r3
   mov r12, r4
   mov r6, r1
   adds r7, r6, #1
   movs r3, #0
   str r3, [sp, #4]                @ which pass
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
   cmp r0, r5
   beq .Lend_of_chunk_2
   b .Lround_2
.Lend_of_chunk_2:
   ldr r2, [sp]
   FN_TWO_FLUSH r8
   FN_TWO_FLUSH r9
   FN_TWO_FLUSH r10
   FN_TWO_FLUSH r11
   b .Lchunk_2
.Lend_of_pass_2:
   ldr r3, [sp, #4]
   cmp r3, #0
   bne .Lend_2
   movs r3, #1
   str r3, [sp, #4]
   adds r6, #2
   adds r7, #2
   b .Lchunk_2
.Lend_2:
   add sp, #8
   FN_RETURN

@ r0 rows, r1 sums, r2 the end of the bytes, r3 how many less; r4 the sum, r5 shift, r6 multiplier, r7 lost.
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
   lsrs r5, r5, #16                @ the worst sum is left above it: a shift is by the lowest byte
   lsrs r7, r4, #15                @ sum = 2^15 r7 + r4
   muls r7, r6, r7
   lsls r4, r4, #17
   lsrs r4, r4, #17
   muls r4, r6, r4
   lsrs r4, r4, #15
   adds r4, r4, r7                 @ below 2^31: no carry, and none is left by a shift of 0
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
