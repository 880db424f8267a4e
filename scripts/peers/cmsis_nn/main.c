/* Runs a network of Dense layers with CMSIS-NN under the emulator's plugin: three inferences between the two markers.
   Weights are in flash; as CMSIS-NN skips nothing, their values do not matter. In a folder of this one's parent, with
   CMSIS-NN 4.0.0 in $CMSIS_NN:

     cargo build --release -p foldnet-plugin --target-dir target/plugin
     mkdir -p /tmp/cn && touch /tmp/cn/math.h && echo '#include <stddef.h>' > /tmp/cn/string.h
     arm-none-eabi-gcc -O3 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffunction-sections -nostdlib \
         -fno-tree-loop-distribute-patterns -I/tmp/cn -Iscripts/peers/cmsis_nn -I$CMSIS_NN/Include scripts/peers/cmsis_nn/main.c \
         $CMSIS_NN/Source/FullyConnectedFunctions/arm_fully_connected_s8.c \
         $CMSIS_NN/Source/NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c -T scripts/peers/cmsis_nn/link.ld -Wl,--gc-sections -lgcc -o /tmp/cn/elf
     qemu-system-arm -M netduinoplus2 -nographic -monitor none -serial none -icount shift=0 -kernel /tmp/cn/elf \
         -semihosting-config enable=on,target=native -plugin \
         target/plugin/release/libfoldnet_plugin.so,core=Cortex-M4F,origin=134217728,end=135266304,line=8,wait=5,out=/tmp/cn/out

   /tmp/cn/out then has a line for each: instructions, half cycles, cycles of waiting. -DNOTEBOOK: 784-300-100-10. */
#include "arm_nnfunctions.h"
#include <stdint.h>

#ifdef NOTEBOOK
static const int shape[] = {784, 300, 100, 10};
#else
static const int shape[] = {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640};
#endif
#define LAYERS (sizeof shape / sizeof *shape - 1)

/* Large enough for both networks. */
static const int8_t weights[270000] __attribute__((aligned(4))) = {1, 2, 3, -4};
static const int32_t biases[1700] = {5};
static int8_t x[784] __attribute__((aligned(4))), y[784] __attribute__((aligned(4)));

static void infer(void) {
    const int8_t *w = weights;
    const int32_t *b = biases;
    int8_t *in = x, *out = y;
    for (unsigned layer = 0; layer < LAYERS; layer++) {
        int inputs = shape[layer], units = shape[layer + 1];
        cmsis_nn_context context = {0, 0};
        cmsis_nn_fc_params params = {
            .input_offset = 128, .filter_offset = 0, .output_offset = -128, .activation = {-128, 127}};
        cmsis_nn_per_tensor_quant_params quant = {1393796573, -8};
        cmsis_nn_dims of_input = {1, 1, 1, inputs}, filter = {inputs, 1, 1, units}, of_output = {1, 1, 1, units};
        arm_fully_connected_s8(&context, &params, &quant, &of_input, in, &filter, w, &of_output, b, &of_output, out);
        w += inputs * units;
        b += units;
        int8_t *other = in;
        in = out;
        out = other;
    }
}

int main(void) {
    for (int i = 0; i < shape[0]; i++) x[i] = i * 37;
    for (int run = 0; run < 3; run++) {
        __asm volatile("mov r10, r10" ::: "memory");
        infer();
        __asm volatile("mov r11, r11" ::: "memory");
    }
    /* Semihosting: exit successfully. */
    register int operation __asm("r0") = 0x18;
    register int reason __asm("r1") = 0x20026;
    __asm volatile("bkpt 0xab" ::"r"(operation), "r"(reason));
    for (;;);
}

extern uint32_t _estack, _sbss, _ebss;

void reset(void) {
    for (uint32_t *word = &_sbss; word < &_ebss; word++) *word = 0;
    *(volatile uint32_t *)0xE000ED88 |= 0xF << 20; /* enable the FPU: compiled code may use it */
    main();
}

__attribute__((section(".vectors"), used)) void *const vectors[2] = {&_estack, (void *)reset};

void *memset(void *to, int value, unsigned count) {
    char *byte = to;
    while (count--) *byte++ = value;
    return to;
}

void *memcpy(void *to, const void *from, unsigned count) {
    char *byte = to;
    const char *other = from;
    while (count--) *byte++ = *other++;
    return to;
}
