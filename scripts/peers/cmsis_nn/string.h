/* The part of the C library that CMSIS-NN includes here; the compiler has both built in. */
#pragma once
#include <stddef.h>
void *memset(void *, int, size_t), *memcpy(void *, const void *, size_t);
