/*
 * Foldnet for C: opens a .fnet model in flash and runs it on raw sensor values. C99 and C++.
 *
 * There is no heap and no global state; every buffer is the caller's. Integer models use no floating point, unless their
 * inputs are floats or a function that returns floats is called. The library checks every pointer and length, and returns
 * a status. A model is checked once, when it is opened; after that, inference cannot fail. Several threads may use
 * different models, or one model with different scratch memory.
 *
 *     static foldnet_model model;
 *     static uint32_t scratch[2048];
 *     foldnet_answer answer;
 *     int32_t status = foldnet_parse(&model, bytes, len);
 *     if (status == FOLDNET_OK)
 *         status = foldnet_run_i16(&model, samples, 288, scratch, 2048, &answer);
 *     if (status == FOLDNET_OK && answer.above) alarm();
 *
 * `foldnet export --format c` writes a header with the model as an array, the sizes of its buffers and a call like this.
 *
 * Link with libfoldnet_c.a and -Wl,--gc-sections. It needs no other library: the few compiler functions that it calls
 * (such as memcpy) are in the archive; those of a C library take precedence.
 */
#ifndef FOLDNET_H
#define FOLDNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Return values; foldnet_message describes each in one line. */
enum {
    FOLDNET_OK = 0,
    FOLDNET_POINTER = 1,           /* NULL, not aligned to its type, or an impossible length */
    FOLDNET_NOT_PARSED = 2,        /* no model was opened in this foldnet_model */
    /* The model */
    FOLDNET_UNALIGNED = 10,        /* its address is not divisible by 4 */
    FOLDNET_TOO_SHORT = 11,        /* fewer bytes than any model has */
    FOLDNET_NO_MODEL = 12,         /* does not begin like a model: nothing is flashed */
    FOLDNET_VERSION = 13,          /* has a format version that this library does not support */
    FOLDNET_LENGTH = 14,           /* shorter or longer than its declared length */
    FOLDNET_CRC = 15,              /* damaged */
    FOLDNET_HEADER = 16,           /* its header is invalid */
    FOLDNET_SHAPE = 17,            /* a layer does not match the image, its neighbour or the file */
    FOLDNET_BITS = 18,             /* weights have a width that this library does not support */
    FOLDNET_DECLARED_SCRATCH = 19, /* its declared scratch memory does not match its layers */
    FOLDNET_ROW = 28,              /* a multiplier or shift is out of range, or sums are too large for this build (feature wide) */
    FOLDNET_ORDER = 29,            /* the order of the inputs contains one that does not exist */
    FOLDNET_SECTION = 31,          /* has a required section that this library does not know */
    FOLDNET_INPUT_SECTION = 32,    /* its inputs do not match its shape, or their type is not in this build */
    FOLDNET_HEAD_SECTION = 33,     /* its head does not match its outputs, or its kind is not in this build */
    /* Memory */
    FOLDNET_SCRATCH = 20,          /* fewer words than foldnet_scratch_words */
    FOLDNET_EXAMPLE = 21,          /* a different length than foldnet_inputs */
    FOLDNET_INPUT = 30,            /* the model takes inputs of a different type */
    FOLDNET_HEAD = 34,             /* the model gives a different kind of answer, see foldnet_head */
    FOLDNET_OUTPUTS = 35,          /* a different length than foldnet_outputs or foldnet_classes */
    /* The slot, for foldnet_boot */
    FOLDNET_SLOT_UNFINISHED = 22,  /* power failed while it was being written */
    FOLDNET_SLOT_HEADER = 23,      /* its header is damaged, or has a later version */
    FOLDNET_SLOT_WRONG = 24,       /* written for another slot or another address */
    FOLDNET_SLOT_TOO_LARGE = 25,   /* the model is larger than its slot */
    FOLDNET_SLOT_OTHER = 26,       /* does not hold the model for which its header was written */
    FOLDNET_SLOTS_BAD = 27         /* both slots have a fault */
};

/* The type of a model's input values, from foldnet_input_type. */
enum {
    FOLDNET_U8 = 0,                /* uint8_t, such as pixels */
    FOLDNET_I8 = 1,                /* int8_t */
    FOLDNET_I16 = 2,               /* int16_t, such as samples of an accelerometer */
    FOLDNET_U16 = 3,               /* uint16_t, such as counts of an ADC */
    FOLDNET_F32 = 4                /* float */
};

/* The kind of a model's answers, from foldnet_head. */
enum {
    FOLDNET_SOFTMAX = 0,           /* one of several classes */
    FOLDNET_SIGMOID = 1,           /* one of two classes, from one output */
    FOLDNET_VALUES = 2,            /* real values: foldnet_values */
    FOLDNET_RECONSTRUCTION = 3     /* an anomaly score: foldnet_score */
};

/* Number of pointer-sized words in a foldnet_model: 384 bytes with 32-bit pointers. */
#define FOLDNET_MODEL_WORDS 96

/*
 * An open model: the positions of its layers in flash. The content is private to the library; the weights stay where they
 * are. It may be copied as a whole. If it is all zero (like a static), the model is not open.
 */
typedef struct foldnet_model {
    uintptr_t opaque[FOLDNET_MODEL_WORDS];
} foldnet_model;

/* The answer for an example; fields that the model's head does not use are 0. */
typedef struct foldnet_answer {
    uint32_t class_index;          /* softmax: the largest output, the first if several are equal; sigmoid: 0 or 1 */
    uint32_t above;                /* 1 if the score is above the model's threshold */
    uint64_t sum;                  /* from which foldnet_score computes the score; larger is less normal */
} foldnet_answer;

/*
 * Checks the model file of exactly `len` bytes at `bytes` and opens it in `*model`. `bytes` must be aligned to 4 bytes, and
 * must not change while the model is in use. This takes time, because the checksum covers all bytes.
 * Returns FOLDNET_OK; FOLDNET_POINTER; FOLDNET_UNALIGNED to FOLDNET_DECLARED_SCRATCH; FOLDNET_ROW; FOLDNET_ORDER;
 * FOLDNET_SECTION to FOLDNET_HEAD_SECTION. After an error the model is not open.
 */
int32_t foldnet_parse(foldnet_model *model, const uint8_t *bytes, size_t len);

/*
 * Opens the newest complete model in the `len` bytes of flash at `flash` that are reserved for models: from two slots, as
 * written by `foldnet export --slot` and Foldnet's writer, or else a bare model file at the start, whatever follows it.
 * `flash` is the address as the processor sees it, divisible by 16, at an erase block boundary. `erase_block` is the size
 * of the largest erase block there in bytes.
 * Returns the values of foldnet_parse, and FOLDNET_SLOT_UNFINISHED to FOLDNET_SLOTS_BAD if no slot holds a complete model.
 */
int32_t foldnet_boot(foldnet_model *model, const uint8_t *flash, size_t len, uint32_t erase_block);

/* Number of values in an example. 0 if the model is not open. */
size_t foldnet_inputs(const foldnet_model *model);

/* Their type, FOLDNET_U8 to FOLDNET_F32. -1 if the model is not open. */
int32_t foldnet_input_type(const foldnet_model *model);

/* The kind of answer, FOLDNET_SOFTMAX to FOLDNET_RECONSTRUCTION. -1 if the model is not open. */
int32_t foldnet_head(const foldnet_model *model);

/* Number of outputs. 0 if the model is not open. */
size_t foldnet_outputs(const foldnet_model *model);

/* Number of classes; 2 for a sigmoid. 0 if the model is not open, or does not classify. */
size_t foldnet_classes(const foldnet_model *model);

/*
 * The name of class or output `index`, in UTF-8, with its length in `*len`. It is inside the model and not
 * null-terminated. The unit of a value follows after a tab. NULL if there is no such name, or a pointer is NULL.
 */
const char *foldnet_label(const foldnet_model *model, size_t index, size_t *len);

/* Scratch memory that inference needs with this processor's kernel, in 32-bit words. 0 if the model is not open. */
size_t foldnet_scratch_words(const foldnet_model *model);

/*
 * Real value of one step of a logit; softmax takes logits times this. 0 for a model with float weights, whose logits are
 * floats, and if the model is not open.
 */
float foldnet_logit_scale(const foldnet_model *model);

/*
 * Writes the answer for an example to `*answer`; the values must have the model's type. `example` must have
 * foldnet_inputs values. `scratch` must have at least foldnet_scratch_words words and not overlap anything else; it needs
 * no initialization.
 * Returns FOLDNET_OK; FOLDNET_POINTER; FOLDNET_NOT_PARSED; FOLDNET_EXAMPLE; FOLDNET_INPUT; FOLDNET_SCRATCH.
 */
int32_t foldnet_run_u8(const foldnet_model *model, const uint8_t *example, size_t example_len, uint32_t *scratch,
                       size_t scratch_words, foldnet_answer *answer);
int32_t foldnet_run_i8(const foldnet_model *model, const int8_t *example, size_t example_len, uint32_t *scratch,
                       size_t scratch_words, foldnet_answer *answer);
int32_t foldnet_run_i16(const foldnet_model *model, const int16_t *example, size_t example_len, uint32_t *scratch,
                        size_t scratch_words, foldnet_answer *answer);
int32_t foldnet_run_u16(const foldnet_model *model, const uint16_t *example, size_t example_len, uint32_t *scratch,
                        size_t scratch_words, foldnet_answer *answer);
int32_t foldnet_run_f32(const foldnet_model *model, const float *example, size_t example_len, uint32_t *scratch,
                        size_t scratch_words, foldnet_answer *answer);

/*
 * Writes only the class of an image, for a model that takes uint8_t and classifies.
 * Returns the values of foldnet_run_u8, and FOLDNET_HEAD if the model gives another kind of answer.
 */
int32_t foldnet_classify(const foldnet_model *model, const uint8_t *image, size_t image_len, uint32_t *scratch,
                         size_t scratch_words, uint32_t *class_index);

/*
 * The outputs of the last example run with this scratch memory, one word each. They are in that memory until it is used
 * again. For classes they are logits. In a model with float weights each is the bits of a float. NULL if foldnet_run would
 * fail.
 */
const int32_t *foldnet_logits(const foldnet_model *model, uint32_t *scratch, size_t scratch_words);

/*
 * Writes the real values of the outputs of the last example run with this scratch memory; their number is
 * foldnet_outputs. They are the estimated values in their units, logits, or the reconstruction in the units of training.
 * Returns FOLDNET_OK; FOLDNET_POINTER; FOLDNET_NOT_PARSED; FOLDNET_SCRATCH; FOLDNET_OUTPUTS if `len` differs.
 */
int32_t foldnet_values(const foldnet_model *model, uint32_t *scratch, size_t scratch_words, float *values, size_t len);

/*
 * Likewise writes the probabilities of the classes; their number is foldnet_classes. The class itself does not need them.
 * Returns the values of foldnet_values, and FOLDNET_HEAD if the model does not classify.
 */
int32_t foldnet_probabilities(const foldnet_model *model, uint32_t *scratch, size_t scratch_words, float *probabilities,
                              size_t len);

/* The anomaly score of an answer: the mean squared error in the units of training. 0 if the model has none. */
float foldnet_score(const foldnet_model *model, const foldnet_answer *answer);

/* The score above which an example is abnormal; infinite if the model has none. */
float foldnet_threshold(const foldnet_model *model);

/* The meaning of a status in one line, with the remedy; never NULL. */
const char *foldnet_message(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
