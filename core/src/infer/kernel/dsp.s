@ The lists of `dsp.rs`, and the sums that read them; what is computed is explained there. Both functions of lists come
@ first, then the sums of 8, 4 and 2 bits.

.syntax unified

.macro foldnet_function name
.section .text.foldnet_\name, "ax", %progbits
.balign 4
.global foldnet_\name
.thumb_func
foldnet_\name:
.endm

@ The list: r0 next word, r4 X, r6 bytes to skip, r7 bytes of a pair, r8 header of the run, r9 where it ends.
.macro foldnet_begin
   mov r4, #0
   mov r5, #0x00010001
   mov r6, #0
   mov r8, r0
   adds r0, #8
   mov r9, r0
.endm

@ Puts the pair x, which is not zero; label 3 is for one that is. `at` goes up to r3, where the list ends. A run is
@ closed when the next begins.
.macro foldnet_put x at
   smlad r4, \x, r5, r4
   cmp r0, r9
   beq 4f
2: str \x, [r0], #4
   cmp \at, r3
   bne 1b
   b 6f
3: add r6, r7
   mov r9, r0
   cmp \at, r3
   bne 1b
6: sub r11, r0, r8
   subs r11, #8
   lsr r11, r11, #2
   str r11, [r8, #4]
   mov r11, #0
   str r11, [r0], #4
   str r11, [r0]
   it eq
   streq r11, [r8]
   mov r0, r4
   pop {r4-r11, pc}
4: sub r11, r0, r8
   subs r11, #8
   ittt ne
   lsrne r11, r11, #2
   strne r11, [r8, #4]
   movne r8, r0
   it ne
   addne r0, #8
   str r6, [r8]
   mov r6, #0
   add r9, r0, #4 * 12
   b 2b
.endm

   foldnet_function dsp_activations
   push {r4-r11, lr}
   foldnet_begin
   mov r7, r2
1: ldrh r2, [r1], #2
   cbz r2, 3f
   orr r2, r2, r2, lsl #8
   uxtb16 r2, r2
   foldnet_put r2 r1

   foldnet_function dsp_pixels
   push {r4-r11, lr}
   foldnet_begin
   ldr r7, [sp, #36]
1: ldr r10, [r2], #4
   uxth r11, r10
   lsr r10, r10, #16
   ldrb r11, [r1, r11]
   ldrb r10, [r1, r10]
   orrs r10, r11, r10, lsl #16
   beq 3f
   foldnet_put r10 r2

@ The sums: r0 the list, r1 the weights; the third argument lies on top of the stack.
.macro foldnet_enter name
   foldnet_function \name
   push {r2, r4-r11, lr}
.irp r, 4, 5, 6, 7, 8, 9, 10, 11
   mov r\r, #0
.endr
.endm

@ Skips weights, then goes to where a run of so many pairs begins, by the table behind, which reaches forward only.
.macro foldnet_run name skip pairs
   ldmia r0!, {\skip, \pairs}
   add r1, r1, \skip
   tbh [pc, \pairs, lsl #1]
.Lruns_\name:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
   .short (.L\name\()_\n - .Lruns_\name) / 2
.endr
.endm

@ 8 bits: M1, M3, M2, A_1, A_0 in r5 to r9.
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

.macro foldnet_three8 n m l
   ldmia r0!, {r2, r3, r4}
.Lin8_\n:
   foldnet_pair8 r2
.Lin8_\m:
   foldnet_pair8 r3
.Lin8_\l:
   foldnet_pair8 r4
.endm

   foldnet_enter dsp8
   mov lr, #0x00050000
   msr apsr_g, lr
   mov lr, #0x80808080
   b .Lnext8
   foldnet_three8 12 11 10
   foldnet_three8 9 8 7
   foldnet_three8 6 5 4
   foldnet_three8 3 2 1
.Lnext8:
   foldnet_run dsp8 r10 r11
.irp n, 12, 9, 6, 3
.Ldsp8_\n:
   ldmia r0!, {r2, r3, r4}
   b .Lin8_\n
.endr
.irp n, 11, 8, 5, 2
.Ldsp8_\n:
   ldmia r0!, {r3, r4}
   b .Lin8_\n
.endr
.irp n, 10, 7, 4, 1
.Ldsp8_\n:
   ldr r4, [r0], #4
   b .Lin8_\n
.endr
.Ldsp8_0:
   pop {r2}
   stmia r2, {r5-r9}
   pop {r4-r11, pc}

@ 4 bits: M1, M3, M2 of whole bytes in r4 to r6, of their low halves in r7 to r9.
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

.macro foldnet_three4 n m l
   ldmia r0!, {r2, r3, lr}
.Lin4_\n:
   foldnet_pair4 r2
.Lin4_\m:
   foldnet_pair4 r3
.Lin4_\l:
   foldnet_pair4 lr
.endm

   foldnet_enter dsp4
   mov lr, #0x00050000
   msr apsr_g, lr
   b .Lnext4
   foldnet_three4 12 11 10
   foldnet_three4 9 8 7
   foldnet_three4 6 5 4
   foldnet_three4 3 2 1
.Lnext4:
   foldnet_run dsp4 r10 r11
.irp n, 12, 9, 6, 3
.Ldsp4_\n:
   ldmia r0!, {r2, r3, lr}
   b .Lin4_\n
.endr
.irp n, 11, 8, 5, 2
.Ldsp4_\n:
   ldmia r0!, {r3, lr}
   b .Lin4_\n
.endr
.irp n, 10, 7, 4, 1
.Ldsp4_\n:
   ldr lr, [r0], #4
   b .Lin4_\n
.endr
.Ldsp4_0:
   pop {r2}
   stmia r2, {r4-r9}
   pop {r4-r11, pc}

@ 2 bits: F, then M1 and M2 of bytes, M1, M3 and M2 of their low halves, in r4 to r9.
.macro foldnet_pair2 w x
   smlad r4, \w, \x, r4
   and r12, \w, #0x0c0c0c0c
   smlad r8, r12, \x, r8
   and r12, \w, lr
   rev16 r12, r12
   eor r12, r12, #0x00800080
   smlad r6, r12, \x, r6
   and r12, r12, #0x0f0f0f0f
   smlad r9, r12, \x, r9
   and \w, \w, #0x33333333
   smlad r5, \w, \x, r5
   and \w, \w, #0x0f0f0f0f
   smlad r7, \w, \x, r7
.endm

.macro foldnet_two2 n m
   ldmia r0!, {r2, r3}
   ldmia r1!, {r10, r11}
.Lin2_\n:
   foldnet_pair2 r10 r2
.Lin2_\m:
   foldnet_pair2 r11 r3
.endm

   foldnet_enter dsp2
   movw lr, #0xcc33
   movt lr, #0xcc33
   b .Lnext2
   foldnet_two2 12 11
   foldnet_two2 10 9
   foldnet_two2 8 7
   foldnet_two2 6 5
   foldnet_two2 4 3
   foldnet_two2 2 1
.Lnext2:
   foldnet_run dsp2 r10 r11
.irp n, 12, 10, 8, 6, 4, 2
.Ldsp2_\n:
   ldmia r0!, {r2, r3}
   ldmia r1!, {r10, r11}
   b .Lin2_\n
.endr
.irp n, 11, 9, 7, 5, 3, 1
.Ldsp2_\n:
   ldr r3, [r0], #4
   ldr r11, [r1], #4
   b .Lin2_\n
.endr
.Ldsp2_0:
   pop {r2}
   stmia r2, {r4-r9}
   pop {r4-r11, pc}
.text
