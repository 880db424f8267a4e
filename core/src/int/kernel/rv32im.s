# The inner loops of rv32im.rs. Every function has the arguments
# a0 pairs, a1 blocks, a2 bytes of a block, a3 sums (8 words a block), a4 h X, a5 single inputs.

.option push
.option arch, +m, +c

# Begins a function in a section of its own and keeps what belongs to the caller.
.macro fn_begin name
    .section .text.\name, "ax", @progbits
    .balign 4
    .globl \name
    .type \name, @function
\name:
    addi sp, sp, -64
    fn_each_saved sw
.endm

# Ends it.
.macro fn_end name
    fn_each_saved lw
    addi sp, sp, 64
    ret
    .size \name, . - \name
.endm

.macro fn_each_saved op
    \op ra, 0(sp)
    \op s0, 4(sp)
    \op s1, 8(sp)
    \op s2, 12(sp)
    \op s3, 16(sp)
    \op s4, 20(sp)
    \op s5, 24(sp)
    \op s6, 28(sp)
    \op s7, 32(sp)
    \op s8, 36(sp)
    \op s9, 40(sp)
    \op s10, 44(sp)
    \op s11, 48(sp)
.endm

# Clears registers.
.macro clear registers:vararg
    .irp register, \registers
    li \register, 0
    .endr
.endm

# ---- 8 bits ----
# a0 list, a1 blocks, a2 bytes of a block, a3 and a4 inputs, a6 and a7 weights, t0 and t1 products.

# One half times one input: A and T of two rows.
.macro half8 a, t, at, weights, x
    lh t0, \at(\weights)
    lbu t1, \at(\weights)
    mul t0, t0, \x
    mul t1, t1, \x
    add \a, \a, t0
    add \t, \t, t1
.endm

# A pair's three words.
.macro pair8 a0, t0, a1, t1, a2, t2
    half8 \a0, \t0, 0, a6, a4
    half8 \a0, \t0, 2, a6, a3
    half8 \a1, \t1, 4, a6, a3
    half8 \a1, \t1, 6, a6, a4
    half8 \a2, \t2, 8, a6, a4
    half8 \a2, \t2, 10, a6, a3
.endm

# A single input's three words.
.macro single8 a0, t0, a1, t1, a2, t2
    half8 \a0, \t0, 0, a6, a3
    half8 \a1, \t1, 0, a7, a3
    half8 \a2, \t2, 8, a6, a3
.endm

# S_low = T - 128 X, S_high = (A - T) / 256.
.macro word8 at, a, t
    sub \a, \a, \t
    srai \a, \a, 8
    sub \t, \t, a4
    sw \t, \at(a3)
    sw \a, \at+4(a3)
.endm

.macro block8 at, a0, t0, a1, t1, a2, t2
    word8 \at, \a0, \t0
    word8 \at+8, \a1, \t1
    word8 \at+16, \a2, \t2
.endm

.macro sums8 name, blocks
    fn_begin \name
    sw a3, 52(sp)
    sw a4, 56(sp)
    clear s0, s1, s2, s3, s4, s5
    .if \blocks == 3
    clear s6, s7, s8, s9, s10, s11, t2, t3, t4, t5, t6, ra
    .endif
    j 2f
1:
    add a6, a6, a1
    lbu a3, 4(a0)
    lbu a4, 6(a0)
    addi a0, a0, 8
    pair8 s0, s1, s2, s3, s4, s5
    .if \blocks == 3
    add a6, a6, a2
    pair8 s6, s7, s8, s9, s10, s11
    add a6, a6, a2
    pair8 t2, t3, t4, t5, t6, ra
    .endif
2:
    lw a6, 0(a0)
    bgez a6, 1b
    j 4f
3:
    add a6, a6, a1
    lbu a7, 6(a5)
    lbu a3, 4(a5)
    add a7, a7, a6
    addi a5, a5, 8
    single8 s0, s1, s2, s3, s4, s5
    .if \blocks == 3
    add a6, a6, a2
    add a7, a7, a2
    single8 s6, s7, s8, s9, s10, s11
    add a6, a6, a2
    add a7, a7, a2
    single8 t2, t3, t4, t5, t6, ra
    .endif
4:
    lw a6, 0(a5)
    bgez a6, 3b
    lw a3, 52(sp)
    lw a4, 56(sp)
    block8 0, s0, s1, s2, s3, s4, s5
    .if \blocks == 3
    block8 32, s6, s7, s8, s9, s10, s11
    block8 64, t2, t3, t4, t5, t6, ra
    .endif
    fn_end \name
.endm

sums8 foldnet_rv32im_8x1, 1
sums8 foldnet_rv32im_8x3, 3

# ---- 4 and 2 bits ----
# a0 list, a2 bytes of a block, a1 and a3 inputs for MUL and MULHU, a4 to a7 masks, t0 the topmost row's sign bits,
# t1 weights, t2 products, t3 where the pair's weights are in the first block. The other 16 registers are lanes.

# Begins the sums of `rows` at `-h X`, and keeps where they are.
.macro start rows
    sw a3, 52(sp)
    neg a4, a4
    .set at, 0
    .rept \rows
    sw a4, at(a3)
    .set at, at + 4
    .endr
    mv t3, a1
    li t0, 0x80008000
.endm

# Adds a lane in the upper half of a register to a sum, and clears it.
.macro flush_upper at, lane, shift
    srli t1, \lane, 16 + \shift
    lw t2, \at(a1)
    add t2, t2, t1
    sw t2, \at(a1)
    li \lane, 0
.endm

# The same with a lane in the lower half.
.macro flush_lower at, lane, shift
    slli \lane, \lane, 16
    flush_upper \at, \lane, \shift
.endm

# Row of the pair's weights under `mask`: into a lane in the upper half of a register.
.macro upper lane, mask
    and t2, t1, \mask
    mul t2, t2, a1
    add \lane, \lane, t2
.endm

# The same into a lane in the lower half.
.macro lower lane, mask
    and t2, t1, \mask
    mulhu t2, t2, a3
    add \lane, \lane, t2
.endm

# The four rows of a word in t1.
.macro word4 l0, l1, l2, l3
    xor t1, t1, t0
    upper \l0, a4
    lower \l2, a5
    srli t1, t1, 4
    upper \l1, a4
    lower \l3, a5
.endm

.macro flush4 at, l0, l1, l2, l3
    flush_upper \at, \l0, 0
    flush_upper \at+4, \l1, 0
    flush_lower \at+8, \l2, 0
    flush_lower \at+12, \l3, 0
.endm

.macro sums4 name, blocks
    fn_begin \name
    start 8*\blocks
    li a4, 0x000f000f
    li a5, 0x0f000f00
    clear s0, s1, s2, s3, s4, s5, s6, s7
    .if \blocks == 2
    clear s8, s9, s10, s11, t4, t5, t6, ra
    .endif
    j 2f
1:
    add t3, t3, a6
    lw a1, 4(a0)
    lw t1, 0(t3)
    slli a3, a1, 8
    addi a0, a0, 8
    word4 s0, s1, s2, s3
    lw t1, 4(t3)
    word4 s4, s5, s6, s7
    .if \blocks == 2
    add a7, t3, a2
    lw t1, 0(a7)
    word4 s8, s9, s10, s11
    lw t1, 4(a7)
    word4 t4, t5, t6, ra
    .endif
2:
    lw a6, 0(a0)
    bgez a6, 1b
    lw a1, 52(sp)
    flush4 0, s0, s1, s2, s3
    flush4 16, s4, s5, s6, s7
    .if \blocks == 2
    flush4 32, s8, s9, s10, s11
    flush4 48, t4, t5, t6, ra
    .endif
    lw a6, 4(a0)
    addi a0, a0, 4
    bgez a6, 1b
    fn_end \name
.endm

sums4 foldnet_rv32im_4x1, 1
sums4 foldnet_rv32im_4x2, 2

# The eight rows of a word in t1; the rows under the second and fourth mask count four times.
.macro word2 l0, l1, l2, l3, l4, l5, l6, l7
    xor t1, t1, t0
    upper \l0, a4
    upper \l1, a5
    lower \l4, a6
    lower \l5, a7
    srli t1, t1, 4
    upper \l2, a4
    upper \l3, a5
    lower \l6, a6
    lower \l7, a7
.endm

.macro flush2 at, l0, l1, l2, l3, l4, l5, l6, l7
    flush_upper \at, \l0, 0
    flush_upper \at+4, \l1, 2
    flush_upper \at+8, \l2, 0
    flush_upper \at+12, \l3, 2
    flush_lower \at+16, \l4, 0
    flush_lower \at+20, \l5, 2
    flush_lower \at+24, \l6, 0
    flush_lower \at+28, \l7, 2
.endm

.macro sums2 name, blocks
    fn_begin \name
    start 8*\blocks
    li a4, 0x00030003
    li a5, 0x000c000c
    li a6, 0x03000300
    li a7, 0x0c000c00
    clear s0, s1, s2, s3, s4, s5, s6, s7
    .if \blocks == 2
    clear s8, s9, s10, s11, t4, t5, t6, ra
    .endif
    j 2f
1:
    add t3, t3, t1
    lw a1, 4(a0)
    lw t1, 0(t3)
    slli a3, a1, 8
    addi a0, a0, 8
    word2 s0, s1, s2, s3, s4, s5, s6, s7
    .if \blocks == 2
    add t1, t3, a2
    lw t1, 0(t1)
    word2 s8, s9, s10, s11, t4, t5, t6, ra
    .endif
2:
    lw t1, 0(a0)
    bgez t1, 1b
    lw a1, 52(sp)
    flush2 0, s0, s1, s2, s3, s4, s5, s6, s7
    .if \blocks == 2
    flush2 32, s8, s9, s10, s11, t4, t5, t6, ra
    .endif
    lw t1, 4(a0)
    addi a0, a0, 4
    bgez t1, 1b
    fn_end \name
.endm

sums2 foldnet_rv32im_2x1, 1
sums2 foldnet_rv32im_2x2, 2

.option pop
