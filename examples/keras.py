#!/usr/bin/env python3
"""Trains a Keras model on Fashion-MNIST. Standardization is a layer, so the saved file is self-contained.

    pip install tensorflow numpy
    python keras.py [FOLDER WITH THE FOUR IDX FILES] [EPOCHS]

then

    foldnet evaluate model.keras
    foldnet export model.keras --bits 4 --dataset fashion-mnist --out model.fnet
"""
import gzip
import os
import sys

# This file is called keras.py: without this it would be what TensorFlow imports as Keras.
sys.path.pop(0)

import numpy
import tensorflow as tf

folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"
epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 2


def idx(name, header):
    with gzip.open(os.path.join(folder, name)) as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header)


x = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[:55000].astype("float32")
y = idx("train-labels-idx1-ubyte.gz", 8)[:55000]

L = tf.keras.layers
tf.keras.utils.set_random_seed(42)
standardize = L.Normalization(axis=None)
standardize.adapt(x)
model = tf.keras.Sequential(
    [
        tf.keras.Input((28, 28)),
        *(standardize, L.Flatten(), L.BatchNormalization()),
        *(L.Dense(300, activation="relu", kernel_initializer="he_normal"), L.BatchNormalization()),
        *(L.Dense(100, activation="relu", kernel_initializer="he_normal"), L.BatchNormalization()),
        L.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer=tf.keras.optimizers.SGD(0.01), metrics=["accuracy"])
model.fit(x, y, epochs=epochs, verbose=2)
model.save("model.keras")

test = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype("float32")
print(f"test accuracy in Keras: {model.evaluate(test, idx('t10k-labels-idx1-ubyte.gz', 8), verbose=0)[1]:.4f}")
