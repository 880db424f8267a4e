"""The notebook's two models in Keras."""
import tensorflow as tf

L = tf.keras.layers


def dense(units, **options):
    return L.Dense(units, kernel_initializer="he_normal", **options)


def after():
    body = [L.BatchNormalization()]
    for units in (300, 100):
        body += [dense(units, activation="relu"), L.BatchNormalization()]
    return tf.keras.Sequential([L.Input([784]), *body, L.Dense(10, activation="softmax")])


def before():
    body = []
    for units in (300, 100):
        body += [dense(units, use_bias=False), L.BatchNormalization(), L.Activation("relu")]
    return tf.keras.Sequential([L.Input([784]), *body, L.Dense(10, activation="softmax")])
