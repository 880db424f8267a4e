@ The walks of `armv6m.rs`, whose head has the layout of the words and the algebra; FN_ADDS is 1 with the feature
@ `low-ram`, where walks add to the sums that are there.
@
@ All walks: r0 the list, r1 the block, r2 the sums; in a loop r0 the list, r1 x, r2 the offset, sums in high registers.

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

/* Two rows of 8 bits: the whole half, and its low byte. */
.macro FN_EIGHT base, whole, low
ldrsh r3, [\base, r2]
uxtb r4, r3
muls r3, r1, r3
add \whole, r3
muls r4, r1, r4
add \low, r4
.endm

/* Two rows to r0, from the sums of whole halves and of their low bytes; r1 is what the latter are too large. */
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
6:
.endif
mov r5, r1
adds r6, r5, #6
adds r7, r5, #7
adds r7, #1
movs r3, #0
str r3, [sp, #4]        /* which pass */
.if FN_ADDS
ldr r3, [sp, #12]
.endif
mov r8, r3
mov r9, r3
mov r10, r3
mov r11, r3
mov r12, r3
mov lr, r3
0:  ldm r0!, {r2, r3}
cmp r2, #0
bne 1f
b 4f
1:  adds r2, r2, r0
str r2, [sp]            /* end of the chunk */
add pc, r3
nop
2:  .rept 16
ldm r0!, {r1, r2}
FN_EIGHT r5, r8, r9
FN_EIGHT r6, r10, r11
FN_EIGHT r7, r12, lr
.endr
ldr r3, [sp]
cmp r0, r3
beq 3f
b 2b
3:  adds r0, #8             /* a pass is one chunk: past the slot that ends it */
4:  ldr r3, [sp, #4]
cmp r3, #0
bne 5f
.if FN_ADDS             /* a list that is a strip often has no second pass */
ldr r3, [r0]
cmp r3, #0
beq 5f
.endif
movs r3, #1
str r3, [sp, #4]
adds r5, #2
subs r6, #2
adds r7, #2
b 0b
5:  ldr r0, [sp, #8]
.if FN_ADDS == 0
ldr r1, [sp, #12]
.endif
FN_EIGHT_ROWS r8, r9
FN_EIGHT_ROWS r10, r11
FN_EIGHT_ROWS r12, lr
.if FN_ADDS             /* to the next block, with the same list */
ldr r1, [sp, #60]
cmp r0, r1
bhi 7f
str r0, [sp, #8]
ldr r0, [sp, #16]
ldr r2, [sp, #4]
lsls r2, r2, #1
subs r5, r5, r2         /* the second pass begins two bytes on */
ldr r1, [sp, #56]
adds r1, r1, r5
b 6b
7:  add sp, #4
.endif
add sp, #16
FN_RETURN

/* Two rows of 4 bits, whose byte is in r3, to 16 bits apart. */
.macro FN_FOUR sums
muls r3, r5, r3
ands r3, r4
muls r3, r1, r3
add \sums, r3
.endm

/* Adds two sums of a chunk to the totals at r2; the higher one is shifted by \shift. */
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
mov lr, r5              /* which pass */
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
0:  movs r3, #0
mov r8, r3
mov r9, r3
mov r10, r3
mov r11, r3
ldr r4, 6f
ldr r5, 7f
ldm r0!, {r2, r3}
cmp r2, #0
bne 1f
b 4f
1:  adds r2, r2, r0
mov r12, r2             /* end of the chunk */
add pc, r3
nop
2:  .rept 8
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
beq 3f
b 2b
3:  ldr r2, [sp]
FN_FOUR_FLUSH r8, lsrs
FN_FOUR_FLUSH r9, asrs
FN_FOUR_FLUSH r10, lsrs
FN_FOUR_FLUSH r11, asrs
b 0b
4:  mov r3, lr
cmp r3, #0
bne 5f
movs r3, #1
mov lr, r3
adds r6, #2
adds r7, #2
b 0b
5:  add sp, #8
FN_RETURN
.balign 4
6:  .word 0xffff000f
7:  .word 0x00001001

/* Four rows of 2 bits, the table's index in r3. */
.macro FN_TWO table, low, high
lsls r3, r3, #3
add r3, \table
ldm r3, {r3, r4}
muls r3, r1, r3
muls r4, r1, r4
add \low, r3
add \high, r4
.endm

/* Adds two signed sums of a chunk to the totals at r2. */
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
mov lr, r3              /* the table, and its middle */
movs r4, #4
lsls r4, r4, #8
adds r4, r4, r3
mov r12, r4
mov r6, r1
adds r7, r6, #1
movs r3, #0
str r3, [sp, #4]        /* which pass */
.if FN_ADDS == 0
movs r4, #0
movs r5, #0
movs r1, #0
stm r2!, {r1, r3, r4, r5}
stm r2!, {r1, r3, r4, r5}
.endif
0:  movs r3, #0
mov r8, r3
mov r9, r3
mov r10, r3
mov r11, r3
ldm r0!, {r2, r3}
cmp r2, #0
bne 1f
b 4f
1:  adds r5, r2, r0         /* end of the chunk */
add pc, r3
nop
2:  .rept 8
ldm r0!, {r1, r2}
ldrb r3, [r6, r2]
FN_TWO lr, r8, r9
ldrsb r3, [r7, r2]
FN_TWO r12, r10, r11
.endr
cmp r0, r5
beq 3f
b 2b
3:  ldr r2, [sp]
FN_TWO_FLUSH r8
FN_TWO_FLUSH r9
FN_TWO_FLUSH r10
FN_TWO_FLUSH r11
b 0b
4:  ldr r3, [sp, #4]
cmp r3, #0
bne 5f
movs r3, #1
str r3, [sp, #4]
adds r6, #2
adds r7, #2
b 0b
5:  add sp, #8
FN_RETURN

/* r0 rows, r1 sums, r2 the end of the bytes, r3 how many less; r4 the sum, r5 shift, r6 multiplier, r7 lost. */
.section .text.foldnet_armv6m_bytes, "ax", %progbits
.global foldnet_armv6m_bytes
.type foldnet_armv6m_bytes, %function
.thumb_func
.balign 4
foldnet_armv6m_bytes:
push {r4-r7, lr}
1:  ldm r0!, {r4, r5}
ldm r1!, {r6}
adds r4, r4, r6
bmi 3f
uxth r6, r5
lsrs r5, r5, #16        /* the worst sum is left above it: a shift is by the lowest byte */
lsrs r7, r4, #15        /* sum = 2^15 r7 + r4 */
muls r7, r6, r7
lsls r4, r4, #17
lsrs r4, r4, #17
muls r4, r6, r4
lsrs r4, r4, #15
adds r4, r4, r7         /* below 2^31: no carry, and none is left by a shift of 0 */
movs r7, #0
lsrs r4, r5
adcs r4, r7             /* the last bit shifted out rounds */
cmp r4, #255
bls 2f
movs r4, #255
2:  strb r4, [r2, r3]
adds r3, #1
bne 1b
pop {r4-r7, pc}
3:  movs r4, #0
strb r4, [r2, r3]
adds r3, #1
bne 1b
pop {r4-r7, pc}
