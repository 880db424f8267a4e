@ Assembly of `mve.rs`, whose module doc explains the algebra and draws the list: building the lists, computing sums
@ over them, and requantizing the sums to outputs.
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
@ A vector holds the same word of four pairs: eight halfwords, one for each of eight inputs.
@
@ Worked examples. Of eight inputs the first two are 3 and 2, the others 0, so X = 5; sums are those after this group,
@ if it is the only one. For VMLADAVA.U8 the widened inputs are the bytes 3, 0, 2, 0.
@
@   8 bits   Row 0 has the weights 5 and -1 for the two inputs, row 1 has -2 and 4. From the top byte down, word 0 of
@            the first pair is 4, 0x7f (-1 with the sign bit inverted), 0xfe, 0x85: 0x047ffe85. VMLADAVA.S16 adds
@            3 * -379 + 2 * 1151 = 1165, where 0xfe85 = -379 and 0x047f = 1151 as signed numbers, and VMLADAVA.U8 adds
@            3 * 0x85 + 2 * 0x7f = 653. Both sums started at -128 X = -640: 653 - 640 = 13 is S0, and
@            (1165 - 640 - 13) / 256 = 2 is S1.
@   4 bits   Rows 0 to 3 have the weights (5, -1), (-2, 4), (1, 3) and (-4, 2): word 0 is 0x2bc7c96d. The sums are
@            r0 = -30419 of whole halfwords, r2 = 45 of low bytes, and masked r4 = 2317 and r6 = 13. S0 = r6 = 13,
@            r2 - r6 = 32 = 16 S1, r4 - r6 = 2304 = 256 S2, and r0 - r2 - (r4 - r6) = -32768 = 4096 S3: 13, 2, 9 and -8.
@   2 bits   Rows 0 to 7 have the weights (1, -1), (-1, 0), (0, 1), (1, 1), (0, -1), (-1, 1), (1, 0) and (-1, -1): the
@            word is 0xedf9f6e7. The sums of low bytes are r2 = 341, r6 = 33, r10 = -11 and lr = 1. S0 = lr = 1,
@            r10 - lr = -12 = 4 S1, r6 - lr = 32 = 16 S2, and r2 - r10 - (r6 - lr) = 320 = 64 S3: 1, -3, 2 and 5. The
@            sums of whole halfwords r0 = -70827, r4 = 11809, r8 = -1547 and r12 = -511, minus those of low bytes, give
@            rows 4 to 7 likewise, 256 times: -2, -1, 3 and -5.

.syntax unified

.equ MAX_RUN, 8

.macro foldnet_function name
.section .text.foldnet_\name, "ax", %progbits
.balign 4
.global foldnet_\name
.thumb_func
foldnet_\name:
.endm

@ ---- Lists ----
@
@ In: r0 `Gather` {destination, activations, source, inputs in whole groups, number of activations, weight bytes per
@ group, inputs after the whole groups, weight bytes after the whole groups, entry table}. Out: r0 X.
@
@   r0  next word of the list                        r8  second word of the run's header
@   r1  activations                                  r9  end of the run if it becomes full
@   r2  source: next activations, or next indices    r10 inputs after the whole groups
@   r3  inputs left                                  r11 weight bytes after the whole groups
@   r4  X                                            r12 scratch
@   r5  weight bytes per group                       lr  entry table, minus 2
@   r6  sum of the group                             q0  inputs of the group
@   r7  bytes of weights to skip                     q1  their indices
@                                                    q2  number of activations, in every lane

@ Loads the next group, at most r3 inputs, into q0 and its sum into r6.
.macro foldnet_take_activations
   vctp.16 r3
   vpst
   vldrbt.u16 q0, [r2], #8
   vaddv.u16 r6, q0
.endm

@ Likewise; missing inputs are 0.
.macro foldnet_take_pixels
   vctp.16 r3
   vpsttt
   vldrht.u16 q1, [r2], #16
   vcmpt.u16 hi, q2, q1
   vldrbt.u16 q0, [r1, q1]
   vaddv.u16 r6, q0
.endm

@ Starts a run: writes its header except for the code address.
.macro foldnet_open
   str r7, [r0], #8
   sub r8, r0, #4
   mov r7, #0
.endm

@ Ends a run of n groups: r0 - r8 = 4 + 8 n, half of which, from lr, leads to entry n.
.macro foldnet_close
   sub r12, r0, r8
   lsr r12, #1
   ldr r12, [lr, r12]
   str r12, [r8]
.endm

.macro foldnet_list name
   foldnet_function mve_\name
   push {r4-r11, lr}
   ldm r0, {r0-r5, r10, r11, lr}
   vdup.16 q2, r4
   mov r4, #0
   mov r7, #0
   sub lr, #2
   cmp r3, #0
   beq .Ltail_\name
.Lzeros_\name:
   foldnet_take_\name
   cbnz r6, .Lopen_\name
   add r7, r5
   subs r3, #8
   bhi .Lzeros_\name
   b .Ltail_\name
.Lopen_\name:
   foldnet_open
   add r9, r0, #8 * MAX_RUN
.Lput_\name:
   vstrb.16 q0, [r0], #8
   add r4, r6
   subs r3, #8
   bls .Lclose_\name
   cmp r0, r9
   beq .Lfull_\name
   foldnet_take_\name
   cmp r6, #0
   bne .Lput_\name
   foldnet_close                @ a group of zeros ends the run
   add r7, r5
   subs r3, #8
   bhi .Lzeros_\name
   b .Ltail_\name
.Lfull_\name:
   foldnet_close
   b .Lzeros_\name
.Lclose_\name:
   foldnet_close
.Ltail_\name:                   @ a group with fewer than four pairs of weights is a run of its own
   cmp r10, #0
   beq .Lend_\name
   mov r3, r10
   foldnet_take_\name
   cmp r6, #0
   beq .Lend_\name
   foldnet_open
   ldr r12, [lr, #2 + 4 * (MAX_RUN + 1)]
   str r12, [r8]
   vstrb.16 q0, [r0], #8
   add r4, r6
.Lend_\name:                    @ terminator: skips the remaining weights
   add r7, r11
   ldr r12, [lr, #2]
   strd r7, r12, [r0]
   mov r0, r4
   pop {r4-r11, pc}
.endm

   foldnet_list activations
   foldnet_list pixels

@ ---- Walks ----
@
@ In: r0 `Walk` {first initial sum, list, seven more initial sums, rows, outputs, their end, pairs in the last group},
@ r1 weights. A walk goes through block after block until the outputs are full.
@
@   r1  list                             r7  outputs, or sums
@   r3  weights (4 and 2 bits)           r9  rows, or 0
@   r5  the `Walk`                       r11 bytes of weights to skip
@   r0, r2, r4, r6, r8, r10, r12, lr     sums; r12 and lr only at 4 and 2 bits

@ Fields of `Walk`; `mve.rs` checks them. ROWS is followed by the outputs.
.equ ROWS, 36
.equ END, 44
.equ PAIRS, 48

.macro foldnet_enter name
   foldnet_function \name
   push {r4-r11, lr}
   vpush {d8-d15}
   mov r5, r0
   mov r3, r1
   mov r0, #0
   ldrd r9, r7, [r5, #ROWS]
.endm

.macro foldnet_leave
   vpop {d8-d15}
   pop {r4-r11, pc}
.endm

@ Skips to the next run's weights and jumps to its code.
.macro foldnet_next
   ldr r11, [r1], #4
   foldnet_skip
   ldr pc, [r1], #4
.endm

@ Table of entry points: for runs of 0 to MAX_RUN groups, and for a group of fewer than four pairs (+ 1 is the Thumb
@ bit).
.macro foldnet_entries name
.section .rodata.foldnet_\name\()_entries, "a", %progbits
.balign 4
.global foldnet_\name\()_entries
foldnet_\name\()_entries:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8
   .word .L\name\()_\n + 1
.endr
   .word .L\name\()_tail + 1
.endm

@ Straight-line code for MAX_RUN groups, which shorter runs enter further down.
.macro foldnet_runs name group
.irp n, 8, 7, 6, 5, 4, 3, 2, 1
.L\name\()_\n:
   \group
.endr
   foldnet_next
.endm

@ Ends a block: continues with the next one until the outputs are full; if sums were stored instead, the walk ends.
.macro foldnet_end name
   ldr r11, [r5, #END]
   cmp r7, r11
   bne .Lblock_\name
.Lover_\name:
   foldnet_leave
.endm

@ Requantizes four rows; `sum` holds bias + sum and receives the output in the lowest byte of each lane. Clobbers `rest`
@ and q6.
@
@ The output is floor((bias + sum) m / 2^(15 + s) + 1/2), clamped, which VRMULH computes with the factor m 2^(17 - s),
@ less than 2^31. The row is {bias, worst << 24 | s << 16 | m}, 1 <= s <= 30; VSHL shifts right by a negative count in
@ the lowest byte.
.macro foldnet_requantize sum rest
   vshl.i32 q6, \rest, #17
   vshr.u32 \rest, \rest, #16
   vneg.s8 \rest, \rest
   vshl.u32 q6, q6, \rest
   vrmulh.s32 \sum, \sum, q6
   vqmovunb.s32 \sum, \sum
   vqmovnb.u16 \sum, \sum
.endm

@ Writes the next four rows' outputs from their sums.
.macro foldnet_four_bytes sums
   vld20.32 {q0, q1}, [r9]
   vld21.32 {q0, q1}, [r9]!
   vadd.i32 q0, q0, \sums
   foldnet_requantize q0 q1
   vstrb.32 q0, [r7], #4
.endm

@ ---- 8 bits ----
@
@   r0  sum of whole halfwords, word 0     q0  word 0 of four pairs, then word 2
@   r2  sum of low bytes, word 0           q1  word 1 of four pairs
@   r3  0                                  q2  word 2 of four pairs (tail)
@   r4  sum of whole halfwords, word 1     q4  inputs
@   r6  sum of low bytes, word 1           q5  inputs, swapped within pairs
@   r8  sum of whole halfwords, word 2     q7  addresses of four pairs, minus 48
@   r10 sum of low bytes, word 2

.macro foldnet_skip
   vadd.i32 q7, q7, r11
.endm

.macro foldnet_group8
   vldrb.u16 q4, [r1], #8
   vldrw.u32 q0, [q7, #48]!
   vrev32.16 q5, q4
   vldrw.u32 q1, [q7, #4]
   vmladava.s16 r0, q0, q4
   vmladava.u8 r2, q0, q4
   vldrw.u32 q0, [q7, #8]
   vmladava.s16 r4, q1, q5
   vmladava.u8 r6, q1, q5
   vmladava.s16 r8, q0, q4
   vmladava.u8 r10, q0, q4
.endm

   foldnet_enter mve8
   vidup.u32 q7, r0, #4
   mov r0, #3
   vmul.i32 q7, q7, r0
   sub r3, #48
   vadd.i32 q7, q7, r3
   mov r3, #0
.Lblock_mve8:
   ldm r5, {r0, r1, r2, r4, r6, r8, r10}
   foldnet_next
   foldnet_runs mve8 foldnet_group8
.Lmve8_tail:
   vldrb.u16 q4, [r1], #8
   ldr r11, [r5, #PAIRS]
   vctp.32 r11
   vpsttt
   vldrwt.u32 q0, [q7, #48]
   vldrwt.u32 q1, [q7, #52]
   vldrwt.u32 q2, [q7, #56]
   vrev32.16 q5, q4
   vmladava.s16 r0, q0, q4
   vmladava.u8 r2, q0, q4
   vmladava.s16 r4, q1, q5
   vmladava.u8 r6, q1, q5
   vmladava.s16 r8, q2, q4
   vmladava.u8 r10, q2, q4
   foldnet_next
.Lmve8_0:                       @ q4 sums of rows 0, 2, 4, q5 of rows 1, 3, 5; the fourth of each is 0
   vmov q4[2], q4[0], r2, r10
   vmov q4[3], q4[1], r6, r3
   vmov q5[2], q5[0], r0, r8
   vmov q5[3], q5[1], r4, r3
   vsub.i32 q5, q5, q4
   vshr.s32 q5, q5, #8
   cmp r9, #0
   beq .Lsums_mve8
                                @ q0, q1 {bias, rest} of rows 0, 2, 4 and 6; q2, q3 of 1, 3, 5 and 7; 6, 7 are unused
   vld40.32 {q0, q1, q2, q3}, [r9]
   vld41.32 {q0, q1, q2, q3}, [r9]
   vld42.32 {q0, q1, q2, q3}, [r9]
   vld43.32 {q0, q1, q2, q3}, [r9]
   add r9, #48
   vadd.i32 q0, q0, q4
   vadd.i32 q2, q2, q5
   foldnet_requantize q0 q1
   foldnet_requantize q2 q3
   vsli.32 q0, q2, #8
   vstrh.32 q0, [r7]
   add r7, #6
   foldnet_end mve8
.Lsums_mve8:
   vst20.32 {q4, q5}, [r7]
   vst21.32 {q4, q5}, [r7]
   b .Lover_mve8
   foldnet_entries mve8

@ ---- 4 bits ----
@
@   r0  sum of whole halfwords, word 0          q0  word 0 of four pairs
@   r2  sum of low bytes, word 0                q1  word 1 of four pairs
@   r4  sum of halfwords & 0x0f0f, word 0       q2  inputs
@   r6  sum of low bytes & 0x0f, word 0         q3  0x0f in every byte
@   r8, r10, r12, lr  likewise of word 1        q4  {0, 8, 16, 24}, offsets of the words of four pairs (tail)
@                                               q7  {0, -4, -8, -12}, shifts of rows

.purgem foldnet_skip
.macro foldnet_skip
   add r3, r11
.endm

.macro foldnet_sums4
   vmladava.s16 r0, q0, q2
   vmladava.u8 r2, q0, q2
   vand q0, q0, q3
   vmladava.s16 r4, q0, q2
   vmladava.u8 r6, q0, q2
   vmladava.s16 r8, q1, q2
   vmladava.u8 r10, q1, q2
   vand q1, q1, q3
   vmladava.s16 r12, q1, q2
   vmladava.u8 lr, q1, q2
.endm

.macro foldnet_group4
   vldrb.u16 q2, [r1], #8
   vld20.32 {q0, q1}, [r3]
   vld21.32 {q0, q1}, [r3]!
   foldnet_sums4
.endm

@ Puts the sums of four rows into q5. Whole halfwords minus low bytes give 256 (S2 + 16 S3); masked, 256 S2; and so on.
.macro foldnet_follow4 whole low halves bytes
   sub \whole, \low
   sub \halves, \bytes
   sub \whole, \halves
   sub \low, \bytes
   vmov q5[2], q5[0], \bytes, \halves
   vmov q5[3], q5[1], \low, \whole
   vshl.s32 q5, q5, q7
.endm

   foldnet_enter mve4
   vidup.u32 q7, r0, #4
   vneg.s32 q7, q7
   mov r0, #0
   vidup.u32 q4, r0, #8
   vmov.i8 q3, #0x0f
.Lblock_mve4:
   ldm r5, {r0, r1, r2, r4, r6, r8, r10, r12, lr}
   foldnet_next
   foldnet_runs mve4 foldnet_group4
.Lmve4_tail:
   vldrb.u16 q2, [r1], #8
   ldr r11, [r5, #PAIRS]
   vctp.32 r11
   add r11, r3, #4
   vpstt
   vldrwt.u32 q0, [r3, q4]
   vldrwt.u32 q1, [r11, q4]
   foldnet_sums4
   foldnet_next
.Lmve4_0:
   cmp r9, #0
   beq .Lsums_mve4
   foldnet_follow4 r0 r2 r4 r6
   foldnet_four_bytes q5
   foldnet_follow4 r8 r10 r12 lr
   foldnet_four_bytes q5
   foldnet_end mve4
.Lsums_mve4:
   foldnet_follow4 r0 r2 r4 r6
   vstrw.32 q5, [r7], #16
   foldnet_follow4 r8 r10 r12 lr
   vstrw.32 q5, [r7]
   b .Lover_mve4
   foldnet_entries mve4

@ ---- 2 bits ----
@
@   r0  sum of whole halfwords              q0  words of four pairs
@   r2  sum of low bytes                    q1  inputs
@   r4  sum of halfwords & 0x3333           q2  masked words
@   r6  sum of low bytes & 0x33             q3  0x33 in every byte
@   r8  sum of halfwords & 0x0f0f           q4  0x0f in every byte
@   r10 sum of low bytes & 0x0f             q7  {0, -2, -4, -6}, shifts of rows
@   r12 sum of halfwords & 0x0303
@   lr  sum of low bytes & 0x03

.macro foldnet_sums2
   vmladava.s16 r0, q0, q1
   vmladava.u8 r2, q0, q1
   vand q2, q0, q3
   vmladava.s16 r4, q2, q1
   vmladava.u8 r6, q2, q1
   vand q0, q0, q4
   vmladava.s16 r8, q0, q1
   vmladava.u8 r10, q0, q1
   vand q2, q2, q4
   vmladava.s16 r12, q2, q1
   vmladava.u8 lr, q2, q1
.endm

.macro foldnet_group2
   vldrb.u16 q1, [r1], #8
   vldrw.u32 q0, [r3], #16
   foldnet_sums2
.endm

@ Separates the four rows of a byte: from the sums of the whole byte and of the byte masked with 0x33, 0x0f and 0x03,
@ computes S0 to S3 into q.
.macro foldnet_follow2 q all third second first
   sub \all, \second
   sub \third, \first
   sub \all, \third
   sub \second, \first
   vmov \q[2], \q[0], \first, \third
   vmov \q[3], \q[1], \second, \all
   vshl.s32 \q, \q, q7
.endm

@ Rows 4 to 7 are in whole halfwords minus low bytes, scaled by 256.
.macro foldnet_follow_both2
   sub r0, r2
   sub r4, r6
   sub r8, r10
   sub r12, lr
   foldnet_follow2 q2 r2 r6 r10 lr
   foldnet_follow2 q5 r0 r4 r8 r12
   vshr.s32 q5, q5, #8
.endm

   foldnet_enter mve2
   vidup.u32 q7, r0, #2
   vneg.s32 q7, q7
   vmov.i8 q3, #0x33
   vmov.i8 q4, #0x0f
.Lblock_mve2:
   ldm r5, {r0, r1, r2, r4, r6, r8, r10, r12, lr}
   foldnet_next
   foldnet_runs mve2 foldnet_group2
.Lmve2_tail:
   vldrb.u16 q1, [r1], #8
   ldr r11, [r5, #PAIRS]
   vctp.32 r11
   vpst
   vldrwt.u32 q0, [r3]
   foldnet_sums2
   foldnet_next
.Lmve2_0:
   foldnet_follow_both2
   cmp r9, #0
   beq .Lsums_mve2
   foldnet_four_bytes q2
   foldnet_four_bytes q5
   foldnet_end mve2
.Lsums_mve2:
   vstrw.32 q2, [r7], #16
   vstrw.32 q5, [r7]
   b .Lover_mve2
   foldnet_entries mve2
.text
