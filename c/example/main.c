/*
 * Runs a model in flash on all examples in the file `images` on the debugger's machine, and writes the answer for each to
 * the file `answers`, as words: the class, or whether a score is above the threshold; the outputs; for a reconstruction the
 * sum of its score. Files and the exit code, which is the library's status, go over semihosting: replace them with a sensor
 * and a display.
 */
#include "foldnet.h"
#include "semihosting.h"

/* The flash reserved for models, from the linker script; only the symbols' addresses have a meaning. */
extern const uint8_t model_flash[], model_flash_end[], erase_block[];

/* Statics, so that the linker checks whether they fit. The notebook's network needs 784 bytes, and 691 words on an M4, 1768 on an M0. */
static foldnet_model model;
static union {
    uint8_t u8[1024];
    int8_t i8[1024];
    int16_t i16[512];
    uint16_t u16[512];
    float f32[256];
} example;
static uint32_t scratch[2048];

#define SCRATCH_WORDS (sizeof scratch / sizeof scratch[0])

/* Firmware for one model only calls the function for its type. */
static int32_t run(size_t inputs, foldnet_answer *answer) {
    switch (foldnet_input_type(&model)) {
    case FOLDNET_U8: return foldnet_run_u8(&model, example.u8, inputs, scratch, SCRATCH_WORDS, answer);
    case FOLDNET_I8: return foldnet_run_i8(&model, example.i8, inputs, scratch, SCRATCH_WORDS, answer);
    case FOLDNET_I16: return foldnet_run_i16(&model, example.i16, inputs, scratch, SCRATCH_WORDS, answer);
    case FOLDNET_U16: return foldnet_run_u16(&model, example.u16, inputs, scratch, SCRATCH_WORDS, answer);
    default: return foldnet_run_f32(&model, example.f32, inputs, scratch, SCRATCH_WORDS, answer);
    }
}

/* Size of a value of the model's type. */
static size_t value_size(void) {
    switch (foldnet_input_type(&model)) {
    case FOLDNET_I16: case FOLDNET_U16: return sizeof(int16_t);
    case FOLDNET_F32: return sizeof(float);
    default: return 1;
    }
}

static int32_t answer_all(void) {
    int32_t status =
        foldnet_boot(&model, model_flash, (size_t)(model_flash_end - model_flash), (uint32_t)(uintptr_t)erase_block);
    size_t inputs = foldnet_inputs(&model), outputs = foldnet_outputs(&model), size = inputs * value_size();
    int images = host_open("images", HOST_READ), answers = host_open("answers", HOST_WRITE);
    if (status != FOLDNET_OK) return status;
    if (size > sizeof example) return FOLDNET_EXAMPLE;

    while (host_read(images, example.u8, size)) {
        foldnet_answer answer;
        uint32_t verdict;
        status = run(inputs, &answer);
        if (status != FOLDNET_OK) return status;
        verdict = foldnet_classes(&model) > 0 ? answer.class_index : answer.above;
        host_write(answers, &verdict, sizeof verdict);
        host_write(answers, foldnet_logits(&model, scratch, SCRATCH_WORDS), outputs * sizeof(int32_t));
        if (foldnet_head(&model) == FOLDNET_RECONSTRUCTION) host_write(answers, &answer.sum, sizeof answer.sum);
    }
    return FOLDNET_OK;
}

int main(void) {
    int32_t status = answer_all();
    if (status != FOLDNET_OK) host_say(foldnet_message(status));
    host_exit(status);
}
