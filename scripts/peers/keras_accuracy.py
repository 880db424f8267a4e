"""The notebook's two models in Keras, trained with Adam for two epochs. Arguments: seeds. Prints {"after": [test accuracy of
each seed], "before": [...]}.

Examples are shuffled here, not by `fit`: once a seed is set, `fit` (Keras 3.15, TensorFlow 2.21) replays the same order in
every epoch, which costs `before` a quarter of a point."""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import images
import numpy as np
import tensorflow as tf
from keras_models import after, before

(x, y), (test_x, test_y) = images.train(), images.test()
result = {}
for build in (after, before):
    result[build.__name__] = []
    for seed in map(int, sys.argv[1:]):
        tf.keras.utils.set_random_seed(seed)
        model = build()
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        for _ in range(2):
            order = np.random.permutation(len(x))
            model.fit(x[order], y[order], batch_size=32, shuffle=False, verbose=0)
        result[build.__name__].append(float(model.evaluate(test_x, test_y, verbose=0)[1]))
        print(build.__name__, seed, result[build.__name__][-1], file=sys.stderr, flush=True)
print(json.dumps(result))
