/* The vector table and the startup code: initial values of statics, zeros, and the floating-point unit. */
#include "semihosting.h"

extern uint32_t stack_start[], data_start[], data_end[], data_values[], bss_start[], bss_end[];

int main(void);

void __attribute__((noreturn)) reset(void) {
    const uint32_t *value = data_values;
    for (uint32_t *word = data_start; word != data_end;) *word++ = *value++;
    for (uint32_t *word = bss_start; word != bss_end;) *word++ = 0;
#ifdef __ARM_FP
    /* Coprocessors 10 and 11: full access, from the next instruction on. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    main();
    for (;;) {}
}

/* Any exception; none is enabled. */
void __attribute__((noreturn)) fault(void) { host_exit(100); }

/* The initial stack pointer, reset, and the 14 other exceptions of the processor. */
struct vectors {
    uint32_t *stack_start;
    void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    stack_start,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault},
};
