# The inner loops of `rv32im.rs`, whose module doc explains the algebra and draws the lists.
#
# Layout of the weight words of one pair of inputs. Each digit is the row whose weight is in that bit field (8 bits:
# rows 0 to 5; 4 and 2 bits: rows 0 to 7):
#
#            31      24 23      16 15       8 7        0
#   8 bits   | second input       | first input        |
#   word 0   |    1    |    0     |    1     |    0    |
#   word 1   | first input        | second input       |      halfwords swapped
#            |    3    |    2     |    3     |    2    |
#   word 2   |    5    |    4     |    5     |    4    |      as word 0
#   4 bits   | second input       | first input        |
#   word 0   |  3 |  2 |  1 |  0  |  3 |  2 |  1 |  0  |      word 1: rows 7 to 4
#   2 bits   |7|6|5|4|3|2|1|0     |7|6|5|4|3|2|1|0     |
#
# The most significant field of a halfword is in two's complement; the others have their sign bit inverted (offset
# binary, weight + 2^(bits - 1)).
#
# Worked examples. The pair's inputs are 3 and 2, X = 5:
#
#   8 bits   (`word8`) Row 0 has the weights 5 and -1, row 1 has -2 and 4: word 0 is 0x047ffe85. Its halfwords are 1151
#            and -379 as signed numbers: A = 3 * -379 + 2 * 1151 = 1165. For the lane, the sign bits of row 1 are
#            inverted as well and row 0 is masked away: 0x84007e00, with fields 132 = 4 + 128 and 126 = -2 + 128. MULHU
#            with 0x03000200 (the inputs swapped) gives (132 * 3) << 16 | 132 * 2 + 126 * 3, whose lower half is 642.
#            Sums start at -128 X = -640, so that A = 525 and L = 2 remain. L is row 1's sum, 3 * -2 + 2 * 4; A - 256
#            L = 13 is row 0's, 3 * 5 - 2.
#   4 bits   (`upper`, `lower`) Row 0 has the weights 5 and -1. With all sign bits inverted, the fields are 13 = 5 + 8
#            and 7 = -1 + 8; masked by 0x000f000f the word is 0x0007000d. MUL with 0x00030002 = 3 << 16 | 2 gives
#            0x0035001a, whose upper half is 53 = 3 * 13 + 2 * 7. Sums start at -8 X = -40, so that 13 = 3 * 5 - 2
#            remains. For row 2, whose fields are 8 bits further up, `lower` masks by 0x0f000f00: with the same weights
#            the word is 0x07000d00, MULHU with 0x03000200 gives 0x00150035, and the lower half is 53.
#   2 bits   Row 1 has the weights 1 and -1. With all sign bits inverted, the fields are 3 = 1 + 2 and 1 = -1 + 2, at
#            bits 2 and 18; masked by 0x000c000c the word is 0x0004000c. MUL with 0x00030002 gives 0x002c0018, whose
#            upper half is 44 = 4 (3 * 3 + 2 * 1). A shift by 2 bits leaves 11; sums start at -2 X = -10, so that 1 = 3
#            - 2 remains.

.option push
.option arch, +m, +c

# Begins a function in a section of its own.
.macro fn_place name
    .section .text.\name, "ax", @progbits
    .balign 4
    .globl \name
    .type \name, @function
\name:
.endm

# Stack frame, which stays aligned to 16 bytes.
#
#   0(sp)  to 48(sp)   ra, s0 to s11, saved
#   52(sp)             address of the sums (4 and 2 bits)
.equ FN_SUMS, 52
.equ FN_FRAME, 64

# Like fn_place, and saves the callee-saved registers.
.macro fn_begin name
    fn_place \name
    addi sp, sp, -FN_FRAME
    fn_each_saved sw
.endm

# Ends a function begun with fn_begin.
.macro fn_end name
    fn_each_saved lw
    addi sp, sp, FN_FRAME
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

# ---- The list ----
#
# In: a0 activations, a1 their order (`listed` 1), a2 number of pairs, at least 1, a3 memory. Out: a0 X.
#
#   a0 next activations     a2 pairs left (4 and 2 bits)     t0 first input of the pair
#   a1 their order          a3 next word                     t1 second input

# Loads the next pair's inputs into t0 and t1.
.macro gather listed
    .if \listed
    lhu t0, 0(a1)
    lhu t1, 2(a1)
    add t0, t0, a0
    add t1, t1, a0
    lbu t0, 0(t0)
    lbu t1, 0(t1)
    addi a1, a1, 4
    .else
    lbu t0, 0(a0)
    lbu t1, 1(a0)
    addi a0, a0, 2
    .endif
.endm

# 8 bits. In: a4 end of the memory. Out: a1 first entry of the list of single inputs.
#
#   a4 next single input, downwards     a7 bytes of weights since the block's start
#   a5 X of single inputs               t5 start of the list
#   a6 X of pairs                       t6 bytes of a block
.macro list8 name, listed
    fn_place \name
    li t0, -1
    addi a4, a4, -4
    sw t0, 0(a4)
    clear a5, a6, a7
    li t6, 12
    mul t6, t6, a2
    mv t5, a3
    addi a3, a3, 4
.Lpair_\name:
    gather \listed
    beqz t0, .Lfirst_zero_\name
    beqz t1, .Lfirst_alone_\name
    add a6, a6, t0
    add a6, a6, t1
    sw a7, 0(a3)
    sw zero, 4(a3)
    sw zero, 8(a3)
    sb t0, 7(a3)
    sb t1, 5(a3)
    sb t1, 11(a3)
    sb t0, 9(a3)
    addi a3, a3, 12
    addi a7, a7, 12
    bne a7, t6, .Lpair_\name
    j .Lend_\name
.Lfirst_alone_\name:
    add a5, a5, t0
    addi a4, a4, -8
    sw a7, 0(a4)
    sw t0, 4(a4)
    j .Lnext_\name
.Lfirst_zero_\name:
    beqz t1, .Lnext_\name
    add a5, a5, t1
    neg t1, t1
    addi a4, a4, -8
    sw a7, 0(a4)
    sw t1, 4(a4)
.Lnext_\name:
    addi a7, a7, 12
    bne a7, t6, .Lpair_\name
.Lend_\name:
    li t0, -1
    sw t0, 0(a3)
    sub t0, a3, t5
    slli t0, t0, 29
    sw t0, 0(t5)
    slli t0, a6, 7
    neg t0, t0
    sh t0, 0(t5)
    add a0, a5, a6
    mv a1, a4
    ret
    .size \name, . - \name
.endm

list8 foldnet_rv32im_list8_plain, 0
list8 foldnet_rv32im_list8_listed, 1

# 4 and 2 bits. In: a4 bytes of weights per pair, a5 the largest sum of a segment's inputs.
#
#   a6 X                    t2 sum of the pair
#   a7 X of the segment     t3 bytes of weights since the last entry
#   t6 -1
.macro segments name, listed
    fn_place \name
    clear a6, a7, t3
    li t6, -1
.Lpair_\name:
    gather \listed
    add t2, t0, t1
    beqz t2, .Lnext_\name
    add a6, a6, t2
    add a7, a7, t2
    bgeu a5, a7, .Lfits_\name
    mv a7, t2
    sw t6, 0(a3)
    addi a3, a3, 4
.Lfits_\name:
    slli t0, t0, 16
    or t0, t0, t1
    sw t3, 0(a3)
    sw t0, 4(a3)
    addi a3, a3, 8
    li t3, 0
.Lnext_\name:
    add t3, t3, a4
    addi a2, a2, -1
    bnez a2, .Lpair_\name
    sw t6, 0(a3)
    sw t6, 4(a3)
    mv a0, a6
    ret
    .size \name, . - \name
.endm

segments foldnet_rv32im_segments_plain, 0
segments foldnet_rv32im_segments_listed, 1

# ---- Sums ----
#
# In: a0 list of pairs, a1 blocks, a2 bytes between blocks, a3 sums (one word per row of the blocks), a4 h X, a5 list of
# single inputs (8 bits).

# ---- 8 bits ----
#
#   a0 next pairs                         a7 first << 24 | second << 8     s0 A, s1 L of word 0 of the first block
#   a1 blocks                             t3 second << 24 | first << 8     s2 A, s3 L of word 1
#   a2 bytes between blocks               t4 mask of the upper rows        s4 A, s5 L of word 2
#   a3 second input, or single input      t5 their sign bits               s6 to s11 likewise of the second block
#   a4 first input                        t6 sums                          t0 to t2 products
#   a5 next single input                  a6 weights

# Multiplies a word by two inputs: `low` and `high` go with its halfwords, `both` with the lane.
.macro word8 a, l, at, low, high, both
    lw t0, \at(a6)
    lh t1, \at(a6)
    srai t2, t0, 16
    xor t0, t0, t5
    and t0, t0, t4
    mul t1, t1, \low
    mul t2, t2, \high
    mulhu t0, t0, \both
    add \a, \a, t1
    add \a, \a, t2
    add \l, \l, t0
.endm

.macro pair8 a0, l0, a1, l1, a2, l2
    word8 \a0, \l0, 0, a4, a3, a7
    word8 \a1, \l1, 4, a3, a4, t3
    word8 \a2, \l2, 8, a4, a3, a7
.endm

# Multiplies a halfword by a single input; adds or subtracts the product.
.macro half8 a, l, at, op
    lh t0, \at(a6)
    lb t1, \at+1(a6)
    mul t0, t0, a3
    mul t1, t1, a3
    \op \a, \a, t0
    \op \l, \l, t1
.endm

# The halfwords of a pair's first input.
.macro first8 a0, l0, a1, l1, a2, l2
    half8 \a0, \l0, 0, add
    half8 \a1, \l1, 6, add
    half8 \a2, \l2, 8, add
.endm

# The halfwords of a pair's second input, which is listed as its negative.
.macro second8 a0, l0, a1, l1, a2, l2
    half8 \a0, \l0, 2, sub
    half8 \a1, \l1, 4, sub
    half8 \a2, \l2, 10, sub
.endm

# A = S_low + 256 S_high, L = S_high modulo 2^16: separates both sums and stores them at `at`.
.macro rows8 at, a, l
    slli \l, \l, 8
    sub \l, \a, \l
    slli \l, \l, 8
    srai \l, \l, 8
    sub \a, \a, \l
    srai \a, \a, 8
    sw \l, \at(t6)
    sw \a, \at+4(t6)
.endm

# Processes the entry at offset `at`; for the first one, a6 is already loaded.
.macro entry8 at, blocks
    .if \at
    lw a6, \at(a0)
    .endif
    lbu a3, \at+5(a0)
    lbu a4, \at+7(a0)
    add a6, a6, a1
    lw a7, \at+4(a0)
    lw t3, \at+8(a0)
    each_block8 pair8, \blocks
.endm

# Applies the macro `what` to each block.
.macro each_block8 what, blocks
    \what s0, s1, s2, s3, s4, s5
    .if \blocks == 2
    add a6, a6, a2
    \what s6, s7, s8, s9, s10, s11
    .endif
.endm

# Copies x to registers.
.macro copy x, registers:vararg
    .irp register, \registers
    mv \register, \x
    .endr
.endm

# With two blocks, two entries per iteration; if their number is odd, the loop is entered at the second.
.macro sums8 name, blocks
    fn_begin \name
    mv t6, a3
    li t4, 0xff00ff00
    li t5, 0x80008000
    lw s1, 0(a0)
    addi a0, a0, 4
    neg a4, a4
    copy a4, s0, s2, s4, s6, s8, s10
    copy s1, s3, s5, s7, s9, s11
    .if \blocks == 2
    bltz s1, .Lmore_pairs_\name
    addi a0, a0, -12
    j .Lsecond_pair_\name
    .else
    j .Lmore_pairs_\name
    .endif
.Lpairs_\name:
    entry8 0, \blocks
    .if \blocks == 2
.Lsecond_pair_\name:
    entry8 12, \blocks
    .endif
    addi a0, a0, 12*\blocks
.Lmore_pairs_\name:
    lw a6, 0(a0)
    bgez a6, .Lpairs_\name
    j .Lmore_singles_\name
.Lsingle_\name:
    add a6, a6, a1
    lw a3, 4(a5)
    addi a5, a5, 8
    bltz a3, .Lsecond_\name
    each_block8 first8, \blocks
.Lmore_singles_\name:
    lw a6, 0(a5)
    bgez a6, .Lsingle_\name
    j .Lend_\name
.Lsecond_\name:
    each_block8 second8, \blocks
    lw a6, 0(a5)
    bgez a6, .Lsingle_\name
.Lend_\name:
    rows8 0, s0, s1
    rows8 8, s2, s3
    rows8 16, s4, s5
    .if \blocks == 2
    rows8 24, s6, s7
    rows8 32, s8, s9
    rows8 40, s10, s11
    .endif
    fn_end \name
.endm

sums8 foldnet_rv32im_8x1, 1
sums8 foldnet_rv32im_8x2, 2

# ---- 4 and 2 bits ----
#
#                4 bits                                     2 bits
#   a0           next entry                                 next entry
#   a1           inputs for MUL                             inputs for MUL
#   a2           bytes between blocks                       bytes between blocks
#   a3           inputs for MULHU                           inputs for MULHU
#   a4           mask for `upper`                           first mask for `upper`
#   a5           mask for `lower`                           second mask for `upper`
#   a6           next entry's bytes                         first mask for `lower`
#   a7           the second block's weights, their place    second mask for `lower`
#   t0           sign bits of the top rows                  sign bits of the top rows
#   t1           weights                                    weights, the next entry's bytes
#   t2           products                                   products
#   t3           the first block's weights, their place     the first block's weights, their place
#   s0 to s11,   lanes of the rows: eight of the first      lanes of the rows: eight of the first
#   t4 to t6, ra block, then eight of the second            block, then eight of the second
#
# At the end of a segment, a1 is the address of the sums, t1 and t2 are scratch.

# Sets all sums to -h X and saves their address.
.macro start name
    sw a3, FN_SUMS(sp)
    neg a4, a4
    addi t0, a3, 64
.Lbegin_\name:
    sw a4, 0(a3)
    addi a3, a3, 4
    bne a3, t0, .Lbegin_\name
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

# Like flush_upper, with the lane in the lower half.
.macro flush_lower at, lane, shift
    slli \lane, \lane, 16
    flush_upper \at, \lane, \shift
.endm

# Multiplies the row selected by `mask` by both inputs and adds it to a lane in the upper half of a register.
.macro upper lane, mask
    and t2, t1, \mask
    mul t2, t2, a1
    add \lane, \lane, t2
.endm

# Like upper, for a lane in the lower half.
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

.macro sums4 name
    fn_begin \name
    start \name
    li a4, 0x000f000f
    li a5, 0x0f000f00
    clear s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t4, t5, t6, ra
    j .Lmore_\name
.Lpair_\name:
    add t3, t3, a6
    lw a1, 4(a0)
    lw t1, 0(t3)
    slli a3, a1, 8
    addi a0, a0, 8
    word4 s0, s1, s2, s3
    lw t1, 4(t3)
    word4 s4, s5, s6, s7
    add a7, t3, a2
    lw t1, 0(a7)
    word4 s8, s9, s10, s11
    lw t1, 4(a7)
    word4 t4, t5, t6, ra
.Lmore_\name:
    lw a6, 0(a0)
    bgez a6, .Lpair_\name
    lw a1, FN_SUMS(sp)
    flush4 0, s0, s1, s2, s3
    flush4 16, s4, s5, s6, s7
    flush4 32, s8, s9, s10, s11
    flush4 48, t4, t5, t6, ra
    lw a6, 4(a0)
    addi a0, a0, 4
    bgez a6, .Lpair_\name
    fn_end \name
.endm

sums4 foldnet_rv32im_4x2

# The eight rows of a word in t1; rows selected by the second masks are accumulated times four.
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

.macro sums2 name
    fn_begin \name
    start \name
    li a4, 0x00030003
    li a5, 0x000c000c
    li a6, 0x03000300
    li a7, 0x0c000c00
    clear s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t4, t5, t6, ra
    j .Lmore_\name
.Lpair_\name:
    add t3, t3, t1
    lw a1, 4(a0)
    lw t1, 0(t3)
    slli a3, a1, 8
    addi a0, a0, 8
    word2 s0, s1, s2, s3, s4, s5, s6, s7
    add t1, t3, a2
    lw t1, 0(t1)
    word2 s8, s9, s10, s11, t4, t5, t6, ra
.Lmore_\name:
    lw t1, 0(a0)
    bgez t1, .Lpair_\name
    lw a1, FN_SUMS(sp)
    flush2 0, s0, s1, s2, s3, s4, s5, s6, s7
    flush2 32, s8, s9, s10, s11, t4, t5, t6, ra
    lw t1, 4(a0)
    addi a0, a0, 4
    bgez t1, .Lpair_\name
    fn_end \name
.endm

sums2 foldnet_rv32im_2x2

# ---- Requantization ----
#
# In: a0 rows, a1 sums, a2 bytes, a3 their end; there is at least one byte.
#
#   a0 next row      a3 end of the bytes           t1 factor 2^17 m
#   a1 next sum      a4 255, the largest byte      t2 shift
#   a2 next byte     t0 sum, byte
#
# A row is two words, its bias and worst << 24 | shift << 16 | m. For a sum that is not negative, MULHU with 2^17 m
# gives floor(sum m / 2^15), below 2^31. Rounding needs the last bit shifted out; so that a shift of 0 also works, the
# value is shifted left by 1 first and right by 1 more afterwards.

# Requantizes row number `at`, counted from a0.
.macro byte at
    lw t0, 8*\at(a0)
    lw t1, 4*\at(a1)
    add t0, t0, t1
    bltz t0, .Lfn_bytes_none_\at
    lw t2, 8*\at+4(a0)
    slli t1, t2, 17
    mulhu t0, t0, t1
    srli t2, t2, 16
    slli t0, t0, 1
    srl t0, t0, t2
    addi t0, t0, 1
    srli t0, t0, 1
    bgeu a4, t0, .Lfn_bytes_put_\at
    mv t0, a4
.Lfn_bytes_put_\at:
    sb t0, \at(a2)
.Lfn_bytes_behind_\at:
.endm

# A row whose sum is negative.
.macro byte_none at
.Lfn_bytes_none_\at:
    sb zero, \at(a2)
    j .Lfn_bytes_behind_\at
.endm

# Two rows per iteration; if their number is odd, the loop is entered at the second.
fn_place foldnet_rv32im_bytes
    li a4, 255
    sub t0, a3, a2
    andi t0, t0, 1
    beqz t0, .Lfn_bytes_two
    addi a0, a0, -8
    addi a1, a1, -4
    addi a2, a2, -1
    j .Lfn_bytes_second
.Lfn_bytes_two:
    byte 0
.Lfn_bytes_second:
    byte 1
    addi a0, a0, 16
    addi a1, a1, 8
    addi a2, a2, 2
    bne a2, a3, .Lfn_bytes_two
    ret
    byte_none 0
    byte_none 1
    .size foldnet_rv32im_bytes, . - foldnet_rv32im_bytes

.option pop
