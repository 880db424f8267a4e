/*
 * A model in flash classifies images, as many as there are in the file `images` of the debugger's machine, and writes
 * class and logits of each to the file `answers`, as words. Files and the exit code, which is the library's status, go
 * by semihosting: replace them by a camera and a display.
 */
#include "foldnet.h"
#include "semihosting.h"

/* The flash that belongs to models, from the linker script; only their addresses mean something. */
extern const uint8_t model_flash[], model_flash_end[], erase_block[];

/* Statics, so that the linker says whether they fit. The notebook's network needs 784 bytes, and 691 words on an M4, 1768 on an M0. */
static foldnet_model model;
static uint8_t image[1024];
static uint32_t scratch[2048];

#define SCRATCH_WORDS (sizeof scratch / sizeof scratch[0])

static int32_t classify_all(void) {
    int32_t status =
        foldnet_boot(&model, model_flash, (size_t)(model_flash_end - model_flash), (uint32_t)(uintptr_t)erase_block);
    size_t inputs = foldnet_inputs(&model), classes = foldnet_classes(&model);
    int images = host_open("images", HOST_READ), answers = host_open("answers", HOST_WRITE);
    if (status != FOLDNET_OK) return status;
    if (inputs > sizeof image) return FOLDNET_IMAGE;

    while (host_read(images, image, inputs)) {
        uint32_t class_index;
        status = foldnet_classify(&model, image, inputs, scratch, SCRATCH_WORDS, &class_index);
        if (status != FOLDNET_OK) return status;
        host_write(answers, &class_index, sizeof class_index);
        host_write(answers, foldnet_logits(&model, scratch, SCRATCH_WORDS), classes * sizeof(int32_t));
    }
    return FOLDNET_OK;
}

int main(void) {
    int32_t status = classify_all();
    if (status != FOLDNET_OK) host_say(foldnet_message(status));
    host_exit(status);
}
