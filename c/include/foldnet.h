/*
 * Foldnet for C: opens a .fnet model in flash and runs it on raw sensor values. C99 and C++.
 *
 * No heap, no state of its own; every buffer is the caller's. Integer models use no float, unless their inputs are floats
 * or a function is called that gives some. The library checks every
 * pointer and length it is given, and returns a status; a model is checked once, when it is opened, and after that
 * inference cannot fail. Different models, or one model with different scratch memory, may be used by several threads.
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
 * (memcpy and the like) are in the archive, and give way to those of a C library.
 */
#ifndef FOLDNET_H
#define FOLDNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What functions return; foldnet_message says each in a line. */
enum {
    FOLDNET_OK = 0,
    FOLDNET_POINTER = 1,           /* NULL, not aligned to its type, or a length that no memory has */
    FOLDNET_NOT_PARSED = 2,        /* no model was opened in this foldnet_model */
    /* The model */
    FOLDNET_UNALIGNED = 10,        /* begins at an address that is not divisible by 4 */
    FOLDNET_TOO_SHORT = 11,        /* fewer bytes than any model has */
    FOLDNET_NO_MODEL = 12,         /* does not begin as models do: nothing is flashed */
    FOLDNET_VERSION = 13,          /* of a format version that this library does not read */
    FOLDNET_LENGTH = 14,           /* shorter or longer than it says */
    FOLDNET_CRC = 15,              /* damaged */
    FOLDNET_HEADER = 16,           /* its header cannot be read */
    FOLDNET_SHAPE = 17,            /* a layer does not fit the image, its neighbour or the file */
    FOLDNET_BITS = 18,             /* weights of a width that this library does not know */
    FOLDNET_DECLARED_SCRATCH = 19, /* declares scratch memory that its layers do not need */
    FOLDNET_ROW = 28,              /* a multiplier or shift out of range, or sums too large for this build (feature wide) */
    FOLDNET_ORDER = 29,            /* the order of the inputs names one that does not exist */
    FOLDNET_SECTION = 31,          /* has a section that this library must know and does not */
    FOLDNET_INPUT_SECTION = 32,    /* its inputs do not fit its shape, or are of a type left out of this build */
    FOLDNET_HEAD_SECTION = 33,     /* its head does not fit its outputs, or is of a kind left out of this build */
    /* Memory */
    FOLDNET_SCRATCH = 20,          /* fewer words than foldnet_scratch_words */
    FOLDNET_EXAMPLE = 21,          /* another length than foldnet_inputs */
    FOLDNET_INPUT = 30,            /* the model takes inputs of another type */
    FOLDNET_HEAD = 34,             /* the model gives another kind of answer, see foldnet_head */
    FOLDNET_OUTPUTS = 35,          /* another length than foldnet_outputs, or foldnet_classes */
    /* The slot, of foldnet_boot */
    FOLDNET_SLOT_UNFINISHED = 22,  /* the power failed while it was written */
    FOLDNET_SLOT_HEADER = 23,      /* its header is damaged, or of a later version */
    FOLDNET_SLOT_WRONG = 24,       /* written for another slot or another address */
    FOLDNET_SLOT_TOO_LARGE = 25,   /* the model is larger than its slot */
    FOLDNET_SLOT_OTHER = 26,       /* holds another model than its header was written for */
    FOLDNET_SLOTS_BAD = 27         /* something is wrong in both slots */
};
/* Its name before models took anything but images. */
#define FOLDNET_IMAGE FOLDNET_EXAMPLE

/* The type of a model's values, as foldnet_input_type gives it. */
enum {
    FOLDNET_U8 = 0,                /* uint8_t, such as pixels */
    FOLDNET_I8 = 1,                /* int8_t */
    FOLDNET_I16 = 2,               /* int16_t, such as samples of an accelerometer */
    FOLDNET_U16 = 3,               /* uint16_t, such as counts of an ADC */
    FOLDNET_F32 = 4                /* float */
};

/* What a model answers, as foldnet_head gives it. */
enum {
    FOLDNET_SOFTMAX = 0,           /* one of several classes */
    FOLDNET_SIGMOID = 1,           /* one of two classes, from one output */
    FOLDNET_VALUES = 2,            /* real values: foldnet_values */
    FOLDNET_RECONSTRUCTION = 3     /* how strange the example is: foldnet_score */
};

/* Words of a foldnet_model, each as large as a pointer: 384 bytes where pointers have 32 bits. */
#define FOLDNET_MODEL_WORDS 96

/*
 * An open model: where its layers lie in flash. What is in it is the library's; the weights stay where they are. May be
 * copied as a whole. All zero (a static), it is a model that is not open.
 */
typedef struct foldnet_model {
    uintptr_t opaque[FOLDNET_MODEL_WORDS];
} foldnet_model;

/* The answer to an example; what the model's head does not give is 0. */
typedef struct foldnet_answer {
    uint32_t class_index;          /* of softmax that of the largest output, the first of equals; of sigmoid 0 or 1 */
    uint32_t above;                /* 1 where the score is above the model's threshold */
    uint64_t sum;                  /* what the score is made of: foldnet_score. The larger, the less normal */
} foldnet_answer;

/*
 * Checks the model file of exactly `len` bytes at `bytes` and opens it in `*model`. `bytes` is divisible by 4, and stays
 * as it is as long as the model is used. Takes time: a checksum goes over all bytes.
 * FOLDNET_OK; FOLDNET_POINTER; FOLDNET_UNALIGNED to FOLDNET_DECLARED_SCRATCH; FOLDNET_ROW; FOLDNET_ORDER. After an error the model is
 * not open.
 */
int32_t foldnet_parse(foldnet_model *model, const uint8_t *bytes, size_t len);

/*
 * Opens the newest whole model in the `len` bytes of flash at `flash` that belong to models: of two slots, as
 * `foldnet export --slot` and Foldnet's writer leave them, or else a bare model file at the front, whatever lies behind
 * it. `flash` is the address as the processor sees it, divisible by 16, at the border of an erase block; `erase_block` is
 * the size of the largest erase block there in bytes.
 * As foldnet_parse, and FOLDNET_SLOT_UNFINISHED to FOLDNET_SLOTS_BAD where no slot holds a whole model.
 */
int32_t foldnet_boot(foldnet_model *model, const uint8_t *flash, size_t len, uint32_t erase_block);

/* Values of an example. 0 where the model is not open. */
size_t foldnet_inputs(const foldnet_model *model);

/* Their type, FOLDNET_U8 to FOLDNET_F32. -1 where the model is not open. */
int32_t foldnet_input_type(const foldnet_model *model);

/* What the model answers, FOLDNET_SOFTMAX to FOLDNET_RECONSTRUCTION. -1 where the model is not open. */
int32_t foldnet_head(const foldnet_model *model);

/* Number of outputs. 0 where the model is not open. */
size_t foldnet_outputs(const foldnet_model *model);

/* Number of classes; of a sigmoid 2. 0 where the model is not open, or does not tell classes apart. */
size_t foldnet_classes(const foldnet_model *model);

/*
 * The name of class or output `index`, in UTF-8, with its length in `*len`: it lies in the model and is not ended by a 0. The
 * unit of a value stands behind a tab. NULL where there is no such name, or a pointer is NULL.
 */
const char *foldnet_label(const foldnet_model *model, size_t index, size_t *len);

/* 32-bit words of scratch memory that an inference needs, with the kernel of this processor. 0 where the model is not open. */
size_t foldnet_scratch_words(const foldnet_model *model);

/*
 * Real value of one step of a logit: logits times this are what softmax takes. 0 for a model with float weights, whose
 * logits are floats, and where the model is not open.
 */
float foldnet_logit_scale(const foldnet_model *model);

/*
 * The answer to an example of values of one type, the model's, into `*answer`. `example` has foldnet_inputs values,
 * `scratch` at least foldnet_scratch_words words, whose contents do not matter before, and which overlaps nothing else.
 * FOLDNET_OK; FOLDNET_POINTER; FOLDNET_NOT_PARSED; FOLDNET_EXAMPLE; FOLDNET_INPUT; FOLDNET_SCRATCH.
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
 * The class of an image alone, of a model that takes uint8_t and tells classes apart: as foldnet_run_u8, and FOLDNET_HEAD where
 * the model answers otherwise.
 */
int32_t foldnet_classify(const foldnet_model *model, const uint8_t *image, size_t image_len, uint32_t *scratch,
                         size_t scratch_words, uint32_t *class_index);

/*
 * The outputs, one word each, of the example last run with this scratch memory: they lie in it, until it is used again. Of
 * classes they are logits. In a model with float weights each is the bits of a float. NULL where foldnet_run would fail.
 */
const int32_t *foldnet_logits(const foldnet_model *model, uint32_t *scratch, size_t scratch_words);

/*
 * The real values of the outputs of the example last run with this scratch memory, foldnet_outputs of them: the estimated
 * values in their units, logits, or the reconstruction in the units of training.
 * FOLDNET_OK; FOLDNET_POINTER; FOLDNET_NOT_PARSED; FOLDNET_SCRATCH; FOLDNET_OUTPUTS where `len` is another.
 */
int32_t foldnet_values(const foldnet_model *model, uint32_t *scratch, size_t scratch_words, float *values, size_t len);

/*
 * The probabilities of the classes, likewise, foldnet_classes of them. The class itself needs none.
 * As foldnet_values, and FOLDNET_HEAD where the model does not tell classes apart.
 */
int32_t foldnet_probabilities(const foldnet_model *model, uint32_t *scratch, size_t scratch_words, float *probabilities,
                              size_t len);

/* The anomaly score of an answer: the mean squared error in the units of training. 0 where the model gives none. */
float foldnet_score(const foldnet_model *model, const foldnet_answer *answer);

/* The score above which an example is abnormal; infinite where the model has none. */
float foldnet_threshold(const foldnet_model *model);

/* One line on what a status means, with the remedy; never NULL. */
const char *foldnet_message(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
