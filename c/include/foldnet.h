/*
 * Foldnet for C: opens a .fnet model in flash and classifies images with it. C99 and C++.
 *
 * No heap, no state of its own, no float for integer models; every buffer is the caller's. The library checks every
 * pointer and length it is given, and returns a status; a model is checked once, when it is opened, and after that
 * inference cannot fail. Different models, or one model with different scratch memory, may be used by several threads.
 *
 *     static foldnet_model model;
 *     static uint32_t scratch[2048];
 *     uint32_t class_index;
 *     int32_t status = foldnet_parse(&model, bytes, len);
 *     if (status == FOLDNET_OK && foldnet_scratch_words(&model) <= 2048)
 *         status = foldnet_classify(&model, image, 784, scratch, 2048, &class_index);
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
    FOLDNET_ROW = 28,              /* a multiplier or shift out of range */
    FOLDNET_ORDER = 29,            /* the order of the inputs names one that does not exist */
    FOLDNET_SECTION = 31,          /* has a section that this library must know and does not */
    FOLDNET_INPUT_SECTION = 32,    /* its inputs do not fit its shape, or have an unknown type */
    FOLDNET_HEAD_SECTION = 33,     /* its head does not fit its outputs, or is of an unknown kind */
    /* Memory */
    FOLDNET_SCRATCH = 20,          /* fewer words than foldnet_scratch_words */
    FOLDNET_IMAGE = 21,            /* another length than foldnet_inputs */
    FOLDNET_INPUT = 30,            /* the model takes inputs of another type */
    FOLDNET_HEAD = 34,             /* the model gives another kind of answer, see foldnet_head */
    /* The slot, of foldnet_boot */
    FOLDNET_SLOT_UNFINISHED = 22,  /* the power failed while it was written */
    FOLDNET_SLOT_HEADER = 23,      /* its header is damaged, or of a later version */
    FOLDNET_SLOT_WRONG = 24,       /* written for another slot or another address */
    FOLDNET_SLOT_TOO_LARGE = 25,   /* the model is larger than its slot */
    FOLDNET_SLOT_OTHER = 26,       /* holds another model than its header was written for */
    FOLDNET_SLOTS_BAD = 27         /* something is wrong in both slots */
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

/* Bytes of an image: one a pixel, 0 to 255, row by row. 0 where the model is not open. */
size_t foldnet_inputs(const foldnet_model *model);

/* Number of classes. 0 where the model is not open. */
size_t foldnet_classes(const foldnet_model *model);

/* 32-bit words of scratch memory that an inference needs, with the kernel of this processor. 0 where the model is not open. */
size_t foldnet_scratch_words(const foldnet_model *model);

/*
 * Real value of one step of a logit: logits times this are what softmax takes. 0 for a model with float weights, whose
 * logits are floats, and where the model is not open.
 */
float foldnet_logit_scale(const foldnet_model *model);

/*
 * The class of an image, 0 to foldnet_classes - 1, into `*class_index`: that of the largest logit, the first of equals.
 * `image` has foldnet_inputs bytes, `scratch` at least foldnet_scratch_words words, whose contents do not matter before,
 * and which overlaps nothing else.
 * FOLDNET_OK; FOLDNET_POINTER; FOLDNET_NOT_PARSED; FOLDNET_IMAGE; FOLDNET_INPUT; FOLDNET_SCRATCH.
 */
int32_t foldnet_classify(const foldnet_model *model, const uint8_t *image, size_t image_len, uint32_t *scratch,
                         size_t scratch_words, uint32_t *class_index);

/*
 * The logits, one a class, of the image last classified with this scratch memory: they lie in it, until it is used again.
 * In a model with float weights each is the bits of a float. NULL where foldnet_classify would fail.
 */
const int32_t *foldnet_logits(const foldnet_model *model, uint32_t *scratch, size_t scratch_words);

/* One line on what a status means, with the remedy; never NULL. */
const char *foldnet_message(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
