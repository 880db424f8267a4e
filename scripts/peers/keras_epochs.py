"""The notebook's two models in Keras. Argument: epochs. Prints {"after": [seconds per epoch], "before": [...]}."""
import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import images
import tensorflow as tf
from keras_models import after, before


class Clock(tf.keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


x, y = images.train()
result = {}
for build in (after, before):
    tf.keras.utils.set_random_seed(42)
    model, clock = build(), Clock()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    model.fit(x, y, epochs=int(sys.argv[1]), callbacks=[clock], verbose=0)
    result[build.__name__] = clock.seconds
print(json.dumps(result))
