@ The lists of `dsp.rs`, the sums that read them, and what makes outputs of the sums.
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
@ An example, 8 bits. The pair's inputs are 3 and 2. Row 0 has the weights 5 and -1, row 1 has -2 and 4. Word 0 is, from the
@ topmost byte, 4, 0x7f (-1 with the sign bit inverted), 0xfe, 0x85: 0x047ffe85. Its halves are 0x047f = 1151 and
@ 0xfe85 = -379 as signed numbers, which are 256 * 4 - 1 + 128 and 256 * -2 + 5 + 128. SMLAD adds 3 * -379 + 2 * 1151 = 1165.
@ The row sums are S0 = 3 * 5 - 2 = 13 and S1 = -6 + 8 = 2, X = 5, and 1165 = 256 * 2 + 13 + 128 * 5: less 128 X it is 525,
@ whose low byte, signed, is S0 = 13, and (525 - 13) / 256 = 2 is S1.
@
@ A list is a sequence of runs {bytes of weights to skip, where the code of a run of so many pairs begins, the pairs}, each
@ pair a word {second input, first input}; the last run has no pairs, and skips to the block's end. All code of runs begins
@ with an addition of 2 bytes, which skips weights: a run that follows a full one skips none, and enters behind it.

.syntax unified

.macro foldnet_function name
.section .text.foldnet_\name, "ax", %progbits
.balign 4
.global foldnet_\name
.thumb_func
foldnet_\name:
.endm

@ ---- Lists ----
@
@ In: r0 where to write, r1 activations, r2 their order (pixels only), r3 the end of what is read pair by pair, on the stack
@ bytes of weights per byte read, and the table of entries. Out: X.
@
@   r0 next word     r4 the pair                       r8  the run's first pair
@   r1 activations   r5 scratch                        r9  where the run must end: 12 pairs from its begin, or at the end
@   r2 their order   r6 where the skipped pairs        r10 1 and 1     r11 X
@   r3 end              begin, plus a pair             r12 bytes of weights per byte read
@                    r7 the run's part of the table    lr  table of entries

.equ MAX_RUN, 12

@ The next pair to r4.
.macro foldnet_take_activations
   ldrh r4, [r1], #2
.endm

.macro foldnet_take_pixels
   ldrh r5, [r2], #2
   ldrh r4, [r2], #2
   ldrb r5, [r1, r5]
   ldrb r4, [r1, r4]
   orr r4, r5, r4, lsl #16
.endm

@ The pair in r4 goes to the run.
.macro foldnet_put name
   .ifc \name, activations
   orr r4, r4, r4, lsl #8
   uxtb16 r4, r4
   .endif
   smlad r11, r4, r10, r11
   stmia r0!, {r4}
.endm

@ The run has ended: its entry.
.macro foldnet_close
   sub r5, r0, r8
   ldr r5, [r7, r5]
   str r5, [r8, #-4]
.endm

@ What is read through the pointer `at`, `step` bytes a pair: LSR of a length by `odd` moves into C whether it is an odd number
@ of pairs.
.macro foldnet_list name at step odd
   foldnet_function dsp_\name
   push {r4-r11, lr}
   ldrd r12, lr, [sp, #36]
   mov r11, #0
   mov r10, #0x00010001
   adds r6, \at, #\step
.Lzeros_\name:
   .ifc \name, pixels           @ long stretches: two pairs a turn, of an odd number one before
   subs r5, r3, \at
   lsrs r5, #\odd
   bcs .Lodd_\name
.Lturn_\name:
   foldnet_take_\name
   cbnz r4, .Lbegin_\name
.Lodd_\name:
   .else
.Lturn_\name:
   .endif
   foldnet_take_\name
   cbnz r4, .Lbegin_\name
   cmp \at, r3
   bne .Lturn_\name
.Lend_\name:                    @ the last run: skips what is left
   subs r4, \at, r6
   adds r4, #\step
   mul r4, r4, r12
.Llast_\name:
   ldr r5, [lr]
   stmia r0!, {r4, r5}
   mov r0, r11
   pop {r4-r11, pc}
.Lbegin_\name:                  @ a run begins with the pair in r4
   mov r7, lr
   subs r5, \at, r6
   mul r5, r5, r12
.Lheader_\name:
   str r5, [r0], #8
   mov r8, r0
   add r9, \at, #(MAX_RUN - 1) * \step
   cmp r9, r3
   bls .Lput_\name
   mov r9, r3                   @ fewer than 12 are left: an odd number begins with the second of a turn
   subs r5, r3, \at
   lsrs r5, #\odd
   bcs .Lput_\name
   b .Lsecond_\name
.Lrun_\name:
   foldnet_take_\name
   cbz r4, .Lzero_\name
.Lput_\name:                    @ two pairs a turn, so that one comparison serves both
   foldnet_put \name
   foldnet_take_\name
   cbz r4, .Lzero_\name
.Lsecond_\name:
   foldnet_put \name
   cmp \at, r9
   bne .Lrun_\name
   foldnet_close                @ the run is full
   cmp \at, r3
   beq .Lexact_\name
   foldnet_take_\name
   cbz r4, .Lgap_\name
   add r7, lr, #4 * MAX_RUN     @ the next run follows at once: it skips nothing, and enters behind the addition
   movs r5, #0
   b .Lheader_\name
.Lzero_\name:                   @ a pair of zeros ends the run
   foldnet_close
.Lgap_\name:
   mov r6, \at
   cmp \at, r3
   bne .Lzeros_\name
   b .Lend_\name
.Lexact_\name:                  @ with the last pair
   movs r4, #0
   b .Llast_\name
.endm

   foldnet_list activations r1 2 2
   foldnet_list pixels r2 4 3

@ ---- Walks ----
@
@ In: r0 list, r1 weights, r2 rows, r3 outputs, on the stack their end and X. In the loops r0 is the list, r1 the weights. A walk
@ goes through block after block until the outputs are full. On the stack are what a block begins with, and in a block, below it,
@ r2, r3 and the outputs' end: PUSH and POP keep them, and the end is at hand where it is compared with.

@ `begin` makes the sums to begin with, in r4 to r9, of -X in r4: what inverted sign bits make sums too large is taken off.
.macro foldnet_enter name begin
   foldnet_function \name
   push {r4-r11, lr}
   ldrd r12, r4, [sp, #36]
   rsbs r4, r4, #0
   \begin
   cmp r3, r12                  @ Z stays until a block's end: there are no outputs
.endm

@ Lets SEL take bytes 0 and 2, the lower of each half, from its first operand.
.macro foldnet_select_lower
   mov lr, #0x00050000
   msr apsr_g, lr
.endm

@ A block's begin: `registers` are the list, the sums, and what is constant.
.macro foldnet_block name registers:vararg
   push {\registers}
.Lblock_\name:
   ldm sp, {\registers}
   push {r2, r3, r12}
   foldnet_next
.endm

@ Goes to the code of the next run, which skips weights first.
.macro foldnet_next
   ldmia r0!, {r10, pc}
.endm

@ Where the code of runs of 0 to 12 pairs begins, then where that of runs of 1 to 12 does which skip nothing.
.macro foldnet_entries name
.section .rodata.foldnet_\name\()_entries, "a", %progbits
.balign 4
.global foldnet_\name\()_entries
foldnet_\name\()_entries:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
   .word .L\name\()_\n + 1
.endr
.irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
   .word .L\name\()_\n + 3
.endr
.endm

@ Straight-line code for 12 pairs, which runs of fewer enter further down; runs of 3 or fewer have their own. `pair` is the
@ macro for one, `x`, `y` and `z` are registers for the inputs of three.
.macro foldnet_runs name pair x y z
.L\name\()_12:
   add.n r1, r10
   foldnet_three \name \pair \x \y \z 12 11 10
   foldnet_three \name \pair \x \y \z 9 8 7
   foldnet_three \name \pair \x \y \z 6 5 4
   foldnet_three \name \pair \x \y \z 3 2 1
   foldnet_next
.irp n, 9, 6
.L\name\()_\n:
   add.n r1, r10
   b .Lthree_\name\()_\n
.endr
.irp n, 11, 8, 5
.L\name\()_\n:
   add.n r1, r10
   ldmia r0!, {\y, \z}
   b .Lin_\name\()_\n
.endr
.irp n, 10, 7, 4
.L\name\()_\n:
   add.n r1, r10
   ldr \z, [r0], #4
   b .Lin_\name\()_\n
.endr
.L\name\()_3:
   add.n r1, r10
   ldmia r0!, {\x, \y, \z}
   \pair \x
   \pair \y
   \pair \z
   foldnet_next
.L\name\()_2:
   add.n r1, r10
   ldmia r0!, {\y, \z}
   \pair \y
   \pair \z
   foldnet_next
.L\name\()_1:
   add.n r1, r10
   ldr \z, [r0], #4
   \pair \z
   foldnet_next
.endm

.macro foldnet_three name pair x y z n m l
.Lthree_\name\()_\n:
   ldmia r0!, {\x, \y, \z}
.Lin_\name\()_\n:
   \pair \x
.Lin_\name\()_\m:
   \pair \y
.Lin_\name\()_\l:
   \pair \z
.endm

@ ---- Ends of blocks ----
@
@ A chain of sums M1 = a + 256 b, M3 = c + 256 d, M2 = d + 256 a follows one from another: M1 becomes 256 b, M3 256 d,
@ M2 256 a, and c comes to another register.
.macro foldnet_follow m1 m3 m2 c
   sub \c, \m3, \m2, lsl #8
   add \c, \c, \m1, lsl #16
   sbfx \c, \c, #0, #24
   sub \m3, \c
   sub \m2, \m2, \m3, asr #8
   sub \m1, \m1, \m2, asr #8
.endm

@ The next row's output from its sum times 2^shift; r2 rows, r3 outputs, r0, lr and sum are lost.
@
@ requantize: floor((bias + sum) m / 2^(15 + s) + 1/2), which SMMULR makes with m 2^(17 - s), less than 2^31. The row is
@ {bias, worst << 24 | s << 16 | m}, 1 <= s <= 17.
.macro foldnet_byte sum shift
   ldrd r0, lr, [r2], #8
   foldnet_requantize r0 lr \sum \shift
.endm

@ The same of a row that is in registers: its bias, and the rest.
.macro foldnet_requantize bias rest sum shift
   .if \shift
   add \bias, \bias, \sum, asr #\shift
   .else
   add \bias, \bias, \sum
   .endif
   lsl \sum, \rest, #17
   lsr \rest, \rest, #16
   lsr \sum, \sum, \rest
   smmulr \bias, \bias, \sum
   usat \bias, #8, \bias
   strb \bias, [r3], #1
.endm

@ The next two rows' outputs; `rest` and `bias`, the lower register first, are lost, too.
.macro foldnet_two_bytes sum shift sum2 shift2 rest bias
   ldmia r2!, {r0, \rest, \bias, lr}
   foldnet_requantize r0 \rest \sum \shift
   foldnet_requantize \bias lr \sum2 \shift2
.endm

@ The next row's sum.
.macro foldnet_sum sum shift
   .if \shift
   asr \sum, \sum, #\shift
   .endif
   str \sum, [r3], #4
.endm

@ The next two rows' sums.
.macro foldnet_two_sums sum shift sum2 shift2 rest bias
   foldnet_sum \sum \shift
   foldnet_sum \sum2 \shift2
.endm

@ A block's end: r10 is what to skip. `follow` takes the sums apart, `rows` says to a macro where each row's is. Z is clear
@ where outputs are asked for, and nothing but the last comparison changes it; otherwise it stores sums, and the walk is over.
@ `bytes` of the stack are what blocks begin with.
.macro foldnet_end name follow rows bytes
.L\name\()_0:
   add.n r1, r10
   \follow
   pop {r2, r3, r12}
   beq .Lsums_\name
   \rows byte
   cmp r3, r12
   bne .Lblock_\name
   b .Lover_\name
.Lsums_\name:
   \rows sum
.Lover_\name:
   add sp, #\bytes
   pop {r4-r11, pc}
.endm

@ ---- 8 bits ----
@
@   r2-r4 inputs of three pairs     r8 A_1, of rows 4 and 5     r10-r12 weights of a pair
@   r5 M1, of rows 0 and 1          r9 A_0, of row 4            lr 0x80808080
@   r6 M3, of rows 2 and 3
@   r7 M2, of rows 3 and 0
.macro foldnet_pair8 x
   ldmia r1!, {r10, r11, r12}
   smlad r5, r10, \x, r5
   smladx r6, r11, \x, r6
   sel r10, r10, r11
   eor r10, lr, r10, ror #8
   smladx r7, r10, \x, r7
   smlad r8, r12, \x, r8
   uxtb16 r12, r12
   smlad r9, r12, \x, r9
.endm

.macro foldnet_follow8
   foldnet_follow r5 r6 r7 r11
   sub r8, r9
.endm

.macro foldnet_rows8 what
   foldnet_two_\what\()s r7 8 r5 8 r4 r10
   foldnet_two_\what\()s r11 0 r6 8 r4 r10
   foldnet_two_\what\()s r9 0 r8 8 r4 r10
.endm

@ -128 X: a field of 8 bits is 128 too large.
.macro foldnet_begin8
   lsls r4, r4, #7
   mov r5, r4
   mov r6, r4
   mov r7, r4
   mov r8, r4
   mov r9, r4
.endm

   foldnet_enter dsp8 foldnet_begin8
   foldnet_select_lower
   mov lr, #0x80808080
   foldnet_block dsp8 r0, r5-r9, lr
   foldnet_runs dsp8 foldnet_pair8 r2 r3 r4
   foldnet_end dsp8 foldnet_follow8 foldnet_rows8 28
   foldnet_entries dsp8

@ ---- 4 bits ----
@
@   r2, r3, lr inputs of three pairs     r4-r6 M1, M3, M2 of bytes          r10, r11 weights of a pair
@                                        r7-r9 M1, M3, M2 of low halves     r12 d of word 1 low, a of word 0 high
.macro foldnet_pair4 x
   ldmia r1!, {r10, r11}
   smlad r4, r10, \x, r4
   smlad r5, r11, \x, r5
   sel r12, r10, r11
   rev16 r12, r12
   eor r12, r12, #0x80808080
   smlad r6, r12, \x, r6
   and r10, r10, #0x0f0f0f0f
   smlad r7, r10, \x, r7
   and r11, r11, #0x0f0f0f0f
   smlad r8, r11, \x, r8
   and r12, r12, #0x0f0f0f0f
   smlad r9, r12, \x, r9
.endm

@ Both chains; then a byte less its low half is 16 times the upper half.
.macro foldnet_follow4
   foldnet_follow r4 r5 r6 r10
   foldnet_follow r7 r8 r9 r11
   sub r10, r11
   sub r5, r8
   sub r6, r9
   sub r4, r7
.endm

.macro foldnet_rows4 what
   foldnet_\what r9 8
   foldnet_\what r6 12
   foldnet_two_\what\()s r7 8 r4 12 r6 r9
   foldnet_two_\what\()s r11 0 r10 4 r6 r9
   foldnet_two_\what\()s r8 8 r5 12 r6 r9
.endm

@ -0x888 X in r4 to r6, -0x808 X in r7 to r9.
.macro foldnet_begin4
   movw r7, #0x808
   mul r7, r4, r7
   add r4, r7, r4, lsl #7
   mov r5, r4
   mov r6, r4
   mov r8, r7
   mov r9, r7
.endm

   foldnet_enter dsp4 foldnet_begin4
   foldnet_select_lower
   foldnet_block dsp4 r0, r4-r9
   foldnet_runs dsp4 foldnet_pair4 r2 r3 lr
   foldnet_end dsp4 foldnet_follow4 foldnet_rows4 28
   foldnet_entries dsp4

@ ---- 2 bits ----
@
@   r2, r3, lr inputs of three pairs     r4 4 S5 + 1024 S1      r7 r4 + S4 + 256 S0     r10, r11 weights of two pairs
@                                        r5 4 S1 + 16 S2        r8 4 S1 + 64 S3         r12 masked
@                                        r6 16 S2 + 4096 S6     r9 F, of whole halves
.macro foldnet_pair2 w x
   smlad r9, \w, \x, r9
   and r12, \w, #0x0f0f0f0f
   rev16 r12, r12
   smlad r7, r12, \x, r7
   and r12, r12, #0x0c0c0c0c
   smlad r4, r12, \x, r4
   and r12, \w, #0x003c003c
   smlad r5, r12, \x, r5
   and r12, \w, #0x30303030
   smlad r6, r12, \x, r6
   and \w, \w, #0x00cc00cc
   smlad r8, \w, \x, r8
.endm

@ Six pairs: inputs are loaded for three, weights for two. A run enters with those loaded that its first load leaves out.
.macro foldnet_six2 n m l k j i
.Lfrom_dsp2_\n:
   ldmia r0!, {r2, r3, lr}
   ldmia r1!, {r10, r11}
   foldnet_pair2 r10 r2
.Lfrom_dsp2_\m:
   foldnet_pair2 r11 r3
.Lfrom_dsp2_\l:
   ldmia r1!, {r10, r11}
   foldnet_pair2 r10 lr
.Lfrom_dsp2_\k:
   ldmia r0!, {r2, r3, lr}
   foldnet_pair2 r11 r2
.Lfrom_dsp2_\j:
   ldmia r1!, {r10, r11}
   foldnet_pair2 r10 r3
.Lfrom_dsp2_\i:
   foldnet_pair2 r11 lr
.endm

.macro foldnet_runs2
.Ldsp2_12:
   add.n r1, r10
   foldnet_six2 12 11 10 9 8 7
   foldnet_six2 6 5 4 3 2 1
   foldnet_next
.irp n, 11, 5
.Ldsp2_\n:
   add.n r1, r10
   ldmia r0!, {r3, lr}
   ldr r11, [r1], #4
   b .Lfrom_dsp2_\n
.endr
.irp n, 10, 4
.Ldsp2_\n:
   add.n r1, r10
   ldr lr, [r0], #4
   b .Lfrom_dsp2_\n
.endr
.irp n, 9, 3
.Ldsp2_\n:
   add.n r1, r10
   ldr r11, [r1], #4
   b .Lfrom_dsp2_\n
.endr
.Ldsp2_8:
   add.n r1, r10
   ldmia r0!, {r3, lr}
   b .Lfrom_dsp2_8
.Ldsp2_7:
   add.n r1, r10
   ldr lr, [r0], #4
   ldr r11, [r1], #4
   b .Lfrom_dsp2_7
.Ldsp2_6:
   add.n r1, r10
   b .Lfrom_dsp2_6
.Ldsp2_2:
   add.n r1, r10
   ldmia r0!, {r2, r3}
   ldmia r1!, {r10, r11}
   foldnet_pair2 r10 r2
   foldnet_pair2 r11 r3
   foldnet_next
.Ldsp2_1:
   add.n r1, r10
   ldr r11, [r1], #4
   ldr r3, [r0], #4
   foldnet_pair2 r11 r3
   foldnet_next
.endm

@ The chain r4, r5, r6 first: r4 - 256 r5 + 256 r6 is 4 S5 + 2^20 S6. F less all rows but 0, 4 and 7, less 256 times
@ S4 + 256 S0, is S0 modulo 2^14, and r11 is S0 + floor(S4 / 256).
.macro foldnet_follow2
   sub r7, r4                   @ S4 + 256 S0
   sub r9, r6
   sub r9, r8
   sub r10, r6, r5
   add r10, r4, r10, lsl #8
   sbfx r10, r10, #2, #18       @ S5
   sub r4, r4, r10, lsl #2      @ 1024 S1
   sub r5, r5, r4, asr #8       @ 16 S2
   sub r6, r5                   @ 4096 S6
   sub r8, r8, r4, asr #8       @ 64 S3
   sub r9, r9, r10, lsl #10     @ S0 + 256 S4 + 2^14 S7
   asr r11, r7, #8
   sub r12, r9, r7, lsl #8
   sub r12, r11, r12
   sbfx r12, r12, #0, #14       @ floor(S4 / 256)
   sub r11, r12                 @ S0
   sub r7, r7, r11, lsl #8      @ S4
   sub r9, r11
   sub r9, r9, r7, lsl #8       @ 2^14 S7
.endm

.macro foldnet_rows2 what
   foldnet_\what r11 0
   foldnet_\what r4 10
   foldnet_two_\what\()s r5 4 r8 6 r4 r11
   foldnet_two_\what\()s r7 0 r10 0 r4 r11
   foldnet_two_\what\()s r6 12 r9 14 r4 r11
.endm

@ The inverted sign bits where they stand: -0x808 X in r4, -0x28 X, -0x2020 X, -0xa0a X, -0x88 X, -0x2aaa X in r9.
.macro foldnet_begin2
   add r5, r4, r4, lsl #2
   lsls r5, r5, #3
   add r8, r4, r4, lsl #4
   lsl r8, r8, #3
   add r7, r4, r4, lsl #8
   lsls r6, r7, #5
   lsl r9, r4, #7
   lsls r4, r7, #3
   add r7, r4, r7, lsl #1
   add r9, r6
   add r9, r7
.endm

   foldnet_enter dsp2 foldnet_begin2
   foldnet_block dsp2 r0, r4-r9
   foldnet_runs2
   foldnet_end dsp2 foldnet_follow2 foldnet_rows2 28
   foldnet_entries dsp2
.text
