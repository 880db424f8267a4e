/* Files, a line of text and an exit code through the debugger or emulator: Arm semihosting, Cortex-M. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

/* Modes of host_open. */
enum { HOST_READ = 1, HOST_WRITE = 5 };

/* Requests `operation` from the debugger; `argument` is a block of words, or another argument of the operation. */
static inline int host_call(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/* A file's number; -1 if it cannot be opened. */
static inline int host_open(const char *name, uintptr_t mode) {
    uintptr_t len = 0;
    while (name[len]) len++;
    const uintptr_t block[3] = {(uintptr_t)name, mode, len};
    return host_call(0x01, block);
}

/* Whether all `bytes` were read. */
static inline int host_read(int file, void *bytes, size_t len) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)bytes, len};
    return host_call(0x06, block) == 0;
}

static inline void host_write(int file, const void *bytes, size_t len) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)bytes, len};
    host_call(0x05, block);
}

/* A line of text. */
static inline void host_say(const char *text) {
    host_call(0x04, text);
    host_call(0x04, "\n");
}

static inline void __attribute__((noreturn)) host_exit(int code) {
    const uintptr_t block[2] = {0x20026, (uintptr_t)code};
    for (;;) host_call(0x20, block);
}

#endif
