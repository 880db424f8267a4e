@ Assembly of `dsp.rs`, whose module doc explains the algebra and draws the list: building the lists, computing sums
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
@ Worked examples. The pair's inputs are 3 and 2, so X = 5; sums are those after this pair, if it is the only one.
@
@   8 bits   Rows 0 to 3 have the weights (5, -1), (-2, 4), (1, 3) and (-4, 2). From the top byte down, word 0 is 4,
@            0x7f (-1 with the sign bit inverted), 0xfe, 0x85: 0x047ffe85. Word 1, with its halfwords swapped, is
@            0xfc810283. SMLAD of word 0 adds 3 * -379 + 2 * 1151 = 1165, where 0xfe85 = -379 and 0x047f = 1151 as
@            signed numbers. The sum started at -128 X = -640, so M1 = 525. SMLADX of word 1 gives M3 = -2039 likewise.
@            SEL of both words is 0xfc7f0285; ROR by 8 and EOR make it 0x057cff82, of which SMLADX gives M2 = 3320.
@            M3 - 256 M2 + 65536 M1 = 0x02000009, whose low 24 bits are S2 = 9. Then M3 - S2 = -2048 = 256 S3, so
@            S3 = -8; M2 - S3 = 3328 = 256 S0, so S0 = 13; M1 - S0 = 512 = 256 S1, so S1 = 2.
@   4 bits   Rows 0 to 7 have the weights (5, -1), (-2, 4), (1, 3), (-4, 2), (2, 0), (-1, 1), (3, -3) and (4, -2). Word
@            0 is 0x2bc7c96d, word 1 0xe5984b7a. SEL is 0xe5c74b6d; REV16 and EOR make it 0x4765edcb. Whole bytes give
@            r4 = M1 = -30419, r5 = M3 = 33526 and r6 = M2 = 11651. Their chain yields S4 + 16 S5 = -10, S6 + 16
@            S7 = 131, S0 + 16 S1 = 45 and S2 + 16 S3 = -119. Low nibbles give r7 = M1 = 2317, r8 = M3 = 774 and
@            r9 = M2 = 3331. Their chain yields S4 = 6, S6 = 3, S0 = 13 and S2 = 9. The differences, divided by 16, are
@            S5 = -1, S7 = 8, S1 = 2 and S3 = -8.
@   2 bits   Rows 0 to 7 have the weights (1, -1), (-1, 0), (0, 1), (1, 1), (0, -1), (-1, 1), (1, 0) and (-1, -1): the
@            word is 0xedf9f6e7. Masked with 0x0f0f0f0f and swapped by REV16 it is 0x090d0706. The sums are
@            r4 = M1 = -3076, r5 = M2 = 20, r6 = M3 = 12320, r7 = -2822, r8 = 308 and r9 = F = -70827. M1 - 256 M2 + 256
@            M3 = 3145724 = 4 S5 + 2^20 S6, of which bits 2 to 19 are S5 = -1. Then M1 - 4 S5 = 1024 S1, so S1 = -3;
@            M2 - 4 S1 = 16 S2, so S2 = 2; M3 - 16 S2 = 4096 S6, so S6 = 3; r8 - 4 S1 = 64 S3, so S3 = 5.
@            N = r7 - M1 = 254 and R = F - M3 - r8 - 1024 S5 = -82431. R - 256 N = -147455, whose low 14 bits are
@            S0 = 1. N - 256 S0 = S4 = -2, and R - S0 - 256 S4 = 2^14 S7, so S7 = -5.

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
@ In: r0 destination, r1 activations, r2 their order (pixels only), r3 end of the activations or of the order; on the
@ stack: bytes of weights per byte read, entry table. Out: r0 X.
@
@   r0  next word of the list        r7  the run's part of the entry table
@   r1  next activations             r8  the run's first pair
@       (pixels: all activations)    r9  latest end of the run: 12 pairs after its start, or the end of the input
@   r2  next indices                 r10 0x00010001
@   r3  end of the input             r11 X
@   r4  pair                         r12 bytes of weights per byte read
@   r5  scratch                      lr  entry table
@   r6  start of the skipped pairs, plus one pair

.equ MAX_RUN, 12

@ Bytes that functions push first: r4 to r11 and lr. Arguments on the stack are above them.
.equ SAVED, 36

@ Loads the next pair into r4.
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

@ Appends the pair in r4 to the run.
.macro foldnet_put name
   .ifc \name, activations
   orr r4, r4, r4, lsl #8
   uxtb16 r4, r4
   .endif
   smlad r11, r4, r10, r11
   stmia r0!, {r4}
.endm

@ Ends the run: stores the address of its code in its header.
.macro foldnet_close
   sub r5, r0, r8
   ldr r5, [r7, r5]
   str r5, [r8, #-4]
.endm

@ `at` is the pointer that is advanced, by `step` bytes per pair; shifting a length right by `odd` sets C if the number
@ of pairs is odd.
.macro foldnet_list name at step odd
   foldnet_function dsp_\name
   push {r4-r11, lr}
   ldrd r12, lr, [sp, #SAVED]
   mov r11, #0
   mov r10, #0x00010001
   adds r6, \at, #\step
.Lzeros_\name:
   .ifc \name, pixels           @ long runs of zeros: two pairs per iteration; if the number is odd, one first
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
.Lend_\name:                    @ terminator: skips the remaining weights
   subs r4, \at, r6
   adds r4, #\step
   mul r4, r4, r12
.Llast_\name:
   ldr r5, [lr]
   stmia r0!, {r4, r5}
   mov r0, r11
   pop {r4-r11, pc}
.Lbegin_\name:                  @ a run starts with the pair in r4
   mov r7, lr
   subs r5, \at, r6
   mul r5, r5, r12
.Lheader_\name:
   str r5, [r0], #8
   mov r8, r0
   add r9, \at, #(MAX_RUN - 1) * \step
   cmp r9, r3
   bls .Lput_\name
   mov r9, r3                   @ fewer than 12 are left: if odd, enter at the second half of the iteration
   subs r5, r3, \at
   lsrs r5, #\odd
   bcs .Lput_\name
   b .Lsecond_\name
.Lrun_\name:
   foldnet_take_\name
   cbz r4, .Lzero_\name
.Lput_\name:                    @ two pairs per iteration, so that one comparison serves both
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
   add r7, lr, #4 * MAX_RUN     @ the next run follows directly: it skips nothing and is entered after the ADD
   movs r5, #0
   b .Lheader_\name
.Lzero_\name:                   @ a pair of zeros ends the run
   foldnet_close
.Lgap_\name:
   mov r6, \at
   cmp \at, r3
   bne .Lzeros_\name
   b .Lend_\name
.Lexact_\name:                  @ the full run ends with the last pair
   movs r4, #0
   b .Llast_\name
.endm

   foldnet_list activations r1 2 2
   foldnet_list pixels r2 4 3

@ ---- Walks ----
@
@ In: r0 list, r1 weights, r2 rows, r3 outputs; on the stack their end and X. A walk goes through block after block
@ until the outputs are full. In the loops r0 is the list, r1 the weights. Stack frame, upwards:
@
@   while a block is processed     r2, r3, end of the outputs: 3 words, popped at its end
@   from the first block on        initial register values of a block (list, sums, constants): BLOCK bytes
@   on entry                       r4 to r11, lr: SAVED bytes
@   arguments                      end of the outputs, X

@ `begin` computes the initial sums in r4 to r9 from -X in r4, which compensates for the inverted sign bits.
.macro foldnet_enter name begin
   foldnet_function \name
   push {r4-r11, lr}
   ldrd r12, r4, [sp, #SAVED]
   rsbs r4, r4, #0
   \begin
   cmp r3, r12                  @ Z is set if there are no outputs; it stays valid until the end of the block
.endm

@ Lets SEL take bytes 0 and 2, the lower of each halfword, from its first operand.
.macro foldnet_select_lower
   mov lr, #0x00050000
   msr apsr_g, lr
.endm

@ Bytes of a block's initial register values: 7 registers at every width.
.equ BLOCK, 28

@ Starts a block; `registers` are the list, the sums and the constants, BLOCK bytes in all.
.macro foldnet_block name registers:vararg
   push {\registers}
.Lblock_\name:
   ldm sp, {\registers}
   push {r2, r3, r12}
   foldnet_next
.endm

@ Jumps to the code of the next run; r10 is the number of bytes of weights that it skips.
.macro foldnet_next
   ldmia r0!, {r10, pc}
.endm

@ Table of entry points: for runs of 0 to 12 pairs (+ 1 is the Thumb bit), then for runs of 1 to 12 pairs that skip
@ nothing (+ 3: past the 2-byte ADD).
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

@ Straight-line code for 12 pairs, which shorter runs enter further down; runs of 3 or fewer have code of their own.
@ `pair` is the macro for one pair; `x`, `y` and `z` are registers for the inputs of three.
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
@ Separates a chain of sums M1 = a + 256 b, M3 = c + 256 d, M2 = d + 256 a: afterwards m1 = 256 b, m3 = 256 d,
@ m2 = 256 a, and \c = c.
.macro foldnet_follow m1 m3 m2 c
   sub \c, \m3, \m2, lsl #8
   add \c, \c, \m1, lsl #16
   sbfx \c, \c, #0, #24
   sub \m3, \c
   sub \m2, \m2, \m3, asr #8
   sub \m1, \m1, \m2, asr #8
.endm

@ Writes the next row's output; `sum` is its sum times 2^shift. r2: rows, r3: outputs. Clobbers r0, lr and sum.
@
@ The output is floor((bias + sum) m / 2^(15 + s) + 1/2), clamped, which SMMULR computes with the factor m 2^(17 - s),
@ less than 2^31. The row is {bias, worst << 24 | s << 16 | m}, 1 <= s <= 17.
.macro foldnet_byte sum shift
   ldrd r0, lr, [r2], #8
   foldnet_requantize r0 lr \sum \shift
.endm

@ Like foldnet_byte, for a row already in registers.
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

@ Writes the next two rows' outputs. Also clobbers `rest` and `bias`; `rest` must be the lower-numbered register.
.macro foldnet_two_bytes sum shift sum2 shift2 rest bias
   ldmia r2!, {r0, \rest, \bias, lr}
   foldnet_requantize r0 \rest \sum \shift
   foldnet_requantize \bias lr \sum2 \shift2
.endm

@ Writes the next row's sum.
.macro foldnet_sum sum shift
   .if \shift
   asr \sum, \sum, #\shift
   .endif
   str \sum, [r3], #4
.endm

@ Writes the next two rows' sums.
.macro foldnet_two_sums sum shift sum2 shift2 rest bias
   foldnet_sum \sum \shift
   foldnet_sum \sum2 \shift2
.endm

@ Ends a block; r10 is the number of bytes to skip. `follow` separates the sums, and `rows` passes the register of each
@ row's sum to a macro. If Z is clear, outputs are written and the next block follows; if Z is set, the sums are stored
@ and the walk ends.
.macro foldnet_end name follow rows
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
   add sp, #BLOCK
   pop {r4-r11, pc}
.endm

@ ---- 8 bits ----
@
@   r0  list                       r8  A_1 of rows 4 and 5
@   r1  weights                    r9  A_0 of row 4
@   r2  inputs of three pairs      r10 word 0, then SEL of words 0 and 1; bytes to skip
@   r3  likewise                   r11 word 1; at the end of a block S2
@   r4  likewise                   r12 word 2, then its low bytes
@   r5  M1 of rows 0 and 1         lr  0x80808080
@   r6  M3 of rows 2 and 3
@   r7  M2 of rows 3 and 0
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
   foldnet_end dsp8 foldnet_follow8 foldnet_rows8
   foldnet_entries dsp8

@ ---- 4 bits ----
@
@   r0  list                       r7  M1 of low nibbles
@   r1  weights                    r8  M3 of low nibbles
@   r2  inputs of three pairs      r9  M2 of low nibbles
@   r3  likewise                   r10 word 0, then its low nibbles; bytes to skip
@   r4  M1 of bytes                r11 word 1, then its low nibbles
@   r5  M3 of bytes                r12 SEL: d (word 1) in the low byte, a (word 0) in the high byte of each halfword
@   r6  M2 of bytes                lr  inputs of the third pair
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

@ Separates both chains; a byte minus its low nibble is then 16 times the high nibble.
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
   foldnet_end dsp4 foldnet_follow4 foldnet_rows4
   foldnet_entries dsp4

@ ---- 2 bits ----
@
@   r0  list                       r6  M3 = 16 S2 + 4096 S6      r10 weights of a pair; bytes to skip
@   r1  weights                    r7  M1 + N, N = S4 + 256 S0   r11 weights of the next pair
@   r2  inputs of three pairs      r8  4 S1 + 64 S3              r12 masked weights
@   r3  likewise                   r9  F, of whole halfwords     lr  inputs of the third pair
@   r4  M1 = 4 S5 + 1024 S1
@   r5  M2 = 4 S1 + 16 S2
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

@ Six pairs: inputs are loaded for three, weights for two. A run that enters in the middle has already loaded what the
@ skipped loads would have.
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

@ The chain r4, r5, r6 first: r4 - 256 r5 + 256 r6 is 4 S5 + 2^20 S6. F minus all rows except 0, 4 and 7, minus
@ 256 (S4 + 256 S0), is S0 modulo 2^14; r11 first holds S0 + floor(S4 / 256).
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

@ Initial sums: minus X times the inverted sign bits of each mask: r4 -0x808 X, r5 -0x28 X, r6 -0x2020 X, r7 -0xa0a X,
@ r8 -0x88 X, r9 -0x2aaa X.
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
   foldnet_end dsp2 foldnet_follow2 foldnet_rows2
   foldnet_entries dsp2
.text
