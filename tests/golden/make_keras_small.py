#!/usr/bin/env python3
"""Saves small Keras models with many shapes, scopes and numbers, with Keras's outputs, for tests of the checkpoint reader.

    python3 -m venv .venv && .venv/bin/pip install tensorflow-cpu==2.21.0 safetensors==0.8.0
    .venv/bin/python make_keras_small.py

Writes for each case into keras_small/, beside this script:
    NAME.safetensors            variables under Keras's own paths, plus pixel_mean and pixel_std [16] if the case has them
    NAME.expected.safetensors   x [24, 16] (standardized inputs) and probabilities [24, classes], by Keras

The data is random and the labels are a random linear function of it: each model is fitted for a few steps, so that every variable,
including the moving statistics, differs from its initial value.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

L = tf.keras.layers
INPUTS, IMAGES = 16, 24
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras_small")


def layers(norm, hidden, classes, bias):
    """`after` and `before`: the notebook's two models. `after-hidden`: no BatchNormalization before the first Dense.
    `before+input`: one there as well."""
    place, norm_first = norm.removesuffix("+input"), norm in ("after", "before+input")
    out = [L.BatchNormalization()] if norm_first else []
    for units in hidden:
        out.append(L.Dense(units, kernel_initializer="he_normal", use_bias=bias))
        if place == "before":
            out.append(L.BatchNormalization())
        out.append(L.ReLU())
        if place.startswith("after"):
            out.append(L.BatchNormalization())
    return out + [L.Dense(classes, activation="softmax")]


class Scoped(tf.keras.Model):
    """A model whose layers sit two scopes deep."""

    def __init__(self, inner):
        super().__init__(name="outer")
        self.inner = inner

    def call(self, x, training=False):
        return self.inner(x, training=training)


def save(tensors, name):
    path = os.path.join(FOLDER, f"{name}.safetensors")
    save_file(tensors, path)
    os.chmod(path, 0o644)


def make(name, norm, hidden, classes=10, bias=True, skip_dense=0, skip_norm=0, scoped=False, statistics=True):
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(42)
    # Keras numbers layers of the same kind in order of creation: these use up the lower numbers.
    [L.Dense(1) for _ in range(skip_dense)], [L.BatchNormalization() for _ in range(skip_norm)]
    model = tf.keras.Sequential(layers(norm, hidden, classes, bias), name="inner" if scoped else None)
    model = Scoped(model) if scoped else model
    rng = np.random.default_rng(7)
    x = rng.uniform(size=[512, INPUTS])
    y = (x @ rng.normal(size=[INPUTS, classes])).argmax(1)
    mean, std = x.mean(axis=0, keepdims=True), x.std(axis=0, keepdims=True)
    x = ((x - mean) / std).astype(np.float32)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=tf.keras.optimizers.SGD(0.1))
    model.fit(x, y, epochs=2, verbose=0)
    tensors = {v.path: np.ascontiguousarray(v.numpy()) for v in model.variables}
    if statistics:
        tensors |= {"pixel_mean": mean.astype(np.float32).reshape(-1), "pixel_std": std.astype(np.float32).reshape(-1)}
    save(tensors, name)
    x = np.ascontiguousarray(x[:IMAGES])
    save({"x": x, "probabilities": model(x).numpy()}, f"{name}.expected")
    print(name, *(v.path for v in model.variables), sep="\n    ")


os.makedirs(FOLDER, exist_ok=True)
make("after", "after", [20, 17, 9])
make("before", "before", [20, 17, 9], bias=False)
make("after_one_hidden", "after", [12], classes=3)
make("before_one_hidden", "before", [12], classes=3, bias=False)
# dense_7 to dense_10, batch_normalization_8 to _11: as text, 10 comes before 7.
make("after_from_7", "after", [20, 17, 9], skip_dense=7, skip_norm=8)
make("before_from_98", "before", [11, 8], bias=False, skip_dense=98, skip_norm=9)
make("after_scoped", "after", [20, 9], scoped=True)
# All widths are equal: only the numbers distinguish the layers.
make("before_square", "before", [16, 16, 16], classes=16, bias=False, skip_dense=8, skip_norm=8)
make("plain", "none", [13, 7])
make("plain_without_bias", "none", [13, 7], bias=False)
make("softmax_only", "none", [], classes=4)
make("norm_and_softmax", "after", [], classes=4)
make("without_statistics", "before", [12], bias=False, statistics=False)
# Ambiguous from the tensors alone: a Dense with bias, BatchNormalization before or after its activation.
make("before_with_bias", "before", [20, 9])
make("after_hidden_only", "after-hidden", [20, 9])
make("before_and_input", "before+input", [20, 9], bias=False)
make("after_without_bias", "after", [20, 9], bias=False)
