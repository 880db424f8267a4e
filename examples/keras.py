#!/usr/bin/env python3
"""Trains a Keras model on Fashion-MNIST and saves it for Foldnet.

    pip install tensorflow safetensors numpy
    python keras.py [FOLDER WITH THE FOUR IDX FILES] [EPOCHS]

then

    foldnet evaluate model.safetensors
    foldnet export model.safetensors --bits 4 --out model.fnet
"""
import gzip
import os
import sys

# This file is called keras.py: without this it would be what TensorFlow imports as Keras.
sys.path.pop(0)

import numpy
import safetensors.numpy
import tensorflow as tf

folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"
epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 2


def idx(name, header):
    with gzip.open(os.path.join(folder, name)) as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header)


# What Foldnet does: the last twelfth validates, pixels are standardized one by one.
x = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:55000].astype("float32") / 255
y = idx("train-labels-idx1-ubyte.gz", 8)[:55000]
mean, std = x.mean(axis=0), x.std(axis=0)
std[std == 0] = 1

L = tf.keras.layers
tf.keras.utils.set_random_seed(42)
model = tf.keras.Sequential(
    [
        L.BatchNormalization(),
        *(L.Dense(300, activation="relu", kernel_initializer="he_normal"), L.BatchNormalization()),
        *(L.Dense(100, activation="relu", kernel_initializer="he_normal"), L.BatchNormalization()),
        L.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer=tf.keras.optimizers.SGD(0.01), metrics=["accuracy"])
model.fit((x - mean) / std, y, epochs=epochs, verbose=2)

# The line that `foldnet summary` prints.
safetensors.numpy.save_file(
    {v.path: numpy.ascontiguousarray(v.numpy()) for v in model.weights}
    | {k: numpy.ravel(v).astype("float32") for k, v in dict(pixel_mean=mean, pixel_std=std).items()},
    "model.safetensors",
)

test = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype("float32") / 255
accuracy = model.evaluate((test - mean) / std, idx("t10k-labels-idx1-ubyte.gz", 8), verbose=0)[1]
print(f"test accuracy in Keras: {accuracy:.4f}")
