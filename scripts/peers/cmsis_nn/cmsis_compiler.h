/* The part of CMSIS-Core that CMSIS-NN 4.0.0 needs here: intrinsics for instructions. */
#pragma once
#include <stdint.h>
#define __STATIC_FORCEINLINE static inline __attribute__((always_inline))
#define __STATIC_INLINE static inline
#define __ASM __asm
#define __RESTRICT __restrict
#define __ALIGNED(x) __attribute__((aligned(x)))
#define __WEAK __attribute__((weak))
#define __INLINE inline
#define __PKHBT(a,b,s) ({uint32_t r_; __asm("pkhbt %0, %1, %2, lsl %3":"=r"(r_):"r"(a),"r"(b),"I"(s)); r_;})
#define __SXTB16(a) ({uint32_t r_; __asm("sxtb16 %0, %1":"=r"(r_):"r"(a)); r_;})
#define __SXTAB16(a,b) ({uint32_t r_; __asm("sxtab16 %0, %1, %2":"=r"(r_):"r"(a),"r"(b)); r_;})
#define __SXTB16_RORn(a,n) ({uint32_t r_; __asm("sxtb16 %0, %1, ror %2":"=r"(r_):"r"(a),"i"(n)); r_;})
#define __SXTAB16_RORn(a,b,n) ({uint32_t r_; __asm("sxtab16 %0, %1, %2, ror %3":"=r"(r_):"r"(a),"r"(b),"i"(n)); r_;})
#define __SMLAD(a,b,c) ({uint32_t r_; __asm("smlad %0, %1, %2, %3":"=r"(r_):"r"(a),"r"(b),"r"(c)); r_;})
/* Declared only: what uses them is not linked. */
uint32_t __PKHTB(uint32_t, uint32_t, uint32_t), __ROR(uint32_t, uint32_t), __QADD16(uint32_t, uint32_t);
