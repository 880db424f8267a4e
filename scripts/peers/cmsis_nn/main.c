/* Runs a network of Dense layers with CMSIS-NN, for scripts/peer-instructions, which defines the network's SHAPE and the address
   and COUNT of the EXAMPLES. Weights and biases are random: CMSIS-NN skips nothing, so their values do not matter.

   On a Cortex-M, the emulator's plugin counts what is executed between the markers. On RISC-V the program itself counts and
   prints the instructions of all inferences. Every 100th answer must be that of a plain loop. */
#include "arm_nnfunctions.h"

static const int shape[] = {SHAPE};
#define LAYERS (sizeof shape / sizeof *shape - 1)
#define MULTIPLIER 1393796573
#define SHIFT 10
#define MOST 1024

/* Weights [units][inputs] of the first layer, then of the next ones; biases likewise. */
__asm(".section .rodata\n.balign 4\nbiases: .incbin \"biases\"\nweights: .incbin \"weights\"\n.text");
extern const int32_t biases[];
extern const int8_t weights[];

static int8_t activations[2][MOST] __attribute__((aligned(4)));

/* What arm_vector_sum_s8 prepares once per model for MVE: the sum of each row times the inputs' offset, plus the bias. */
static int32_t sums[2 * MOST];

static void prepare(void) {
    const int8_t *w = weights;
    int row = 0;
    for (unsigned layer = 0; layer < LAYERS; layer++)
        for (int unit = 0; unit < shape[layer + 1]; unit++, row++) {
            sums[row] = biases[row];
            for (int i = 0; i < shape[layer]; i++) sums[row] += 128 * *w++;
        }
}

static const int8_t *infer(void) {
    const int8_t *w = weights;
    const int32_t *b = biases;
    int32_t *s = sums;
    for (unsigned layer = 0; layer < LAYERS; layer++) {
        int inputs = shape[layer], units = shape[layer + 1];
        cmsis_nn_context context = {s, 0};
        cmsis_nn_fc_params params = {
            .input_offset = 128, .filter_offset = 0, .output_offset = -128, .activation = {-128, 127}};
        cmsis_nn_per_tensor_quant_params quant = {MULTIPLIER, -SHIFT};
        cmsis_nn_dims of_input = {1, 1, 1, inputs}, filter = {inputs, 1, 1, units}, of_output = {1, 1, 1, units};
        arm_fully_connected_s8(&context, &params, &quant, &of_input, activations[layer % 2], &filter, w, &of_output, b,
                               &of_output, activations[(layer + 1) % 2]);
        w += inputs * units;
        b += units;
        s += units;
    }
    return activations[LAYERS % 2];
}

/* `sum` times MULTIPLIER / 2^(31 + SHIFT), rounded twice as in TensorFlow Lite. */
static int32_t requantize(int32_t sum) {
    int32_t high = ((int64_t)sum * MULTIPLIER + (1 << 30)) >> 31;
    int32_t rest = high & ((1 << SHIFT) - 1), half = (1 << (SHIFT - 1)) - 1 + (high < 0);
    return (high >> SHIFT) + (rest > half);
}

/* Whether a plain loop has these outputs for an example. */
static int expects(const uint8_t *example, const int8_t *outputs) {
    static uint8_t plain[2][MOST];
    const int8_t *w = weights;
    const int32_t *b = biases;
    const uint8_t *in = example;
    for (unsigned layer = 0; layer < LAYERS; layer++) {
        uint8_t *out = plain[layer % 2];
        for (int unit = 0; unit < shape[layer + 1]; unit++) {
            int32_t sum = *b++;
            for (int i = 0; i < shape[layer]; i++) sum += in[i] * *w++;
            int32_t value = requantize(sum);
            out[unit] = value < 0 ? 0 : value > 255 ? 255 : value;
        }
        in = out;
    }
    for (int i = 0; i < shape[LAYERS]; i++)
        if (in[i] != outputs[i] + 128) return 0;
    return 1;
}

extern uint32_t _estack, _sbss, _ebss;

#ifdef __riscv
static uint32_t began, ended, counted;
#define INSTRUCTIONS(to) __asm volatile("csrr %0, minstret" : "=r"(to)::"memory")
#define START INSTRUCTIONS(began)
#define STOP INSTRUCTIONS(ended); counted += ended - began
#define RESULT counted

__attribute__((section(".vectors"), naked)) void start(void) { __asm("la sp, _estack\nj reset"); }

static int debugger(int operation, const void *argument) {
    register int a0 __asm("a0") = operation;
    register const void *a1 __asm("a1") = argument;
    __asm volatile(".balign 16\n.option push\n.option norvc\nslli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n.option pop"
                   : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}
#else
#define START __asm volatile("mov r10, r10" ::: "memory")
#define STOP __asm volatile("mov r11, r11" ::: "memory")
#define RESULT 0

void reset(void);
__attribute__((section(".vectors"), used)) void *const vectors[2] = {&_estack, (void *)reset};

static int debugger(int operation, const void *argument) {
    register int r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
#endif

static void print(const char *text) { debugger(4, text); /* SYS_WRITE0 */ }

__attribute__((noreturn)) static void leave(int code) {
    const uint32_t block[] = {0x20026, code};
    for (;;) debugger(0x20, block); /* SYS_EXIT_EXTENDED */
}

__attribute__((noinline, noreturn)) static void run(void) {
    prepare();
    for (int n = 0; n < COUNT; n++) {
        const uint8_t *example = (const uint8_t *)EXAMPLES + n * shape[0];
        for (int i = 0; i < shape[0]; i++) activations[0][i] = example[i] - 128;
        START;
        const int8_t *outputs = infer();
        STOP;
        if (n % 100 == 0 && !expects(example, outputs)) {
            print("the outputs are not those of a plain loop");
            leave(1);
        }
    }
    char text[11], *digit = text + 10;
    *digit = 0;
    for (uint32_t rest = RESULT; rest; rest /= 10) *--digit = '0' + rest % 10;
    print(digit);
    leave(0);
}

void reset(void) {
#ifdef __ARM_FP
    *(volatile uint32_t *)0xE000ED88 |= 0xF << 20; /* enables the FPU */
    __asm volatile("dsb\nisb" ::: "memory");
#endif
    for (uint32_t *word = &_sbss; word < &_ebss; word++) *(volatile uint32_t *)word = 0;
    run();
}
