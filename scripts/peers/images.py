"""Fashion-MNIST as the notebook prepares it: split, divided by 255, standardized per pixel; float32."""
import gzip
import os

import numpy as np

FOLDER = os.environ.get("FOLDNET_DATA", "/usr/share/datasets/fashion-mnist")


def idx(name, offset):
    with gzip.open(os.path.join(FOLDER, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def part(name):
    """Pixels [N][784] divided by 255, and labels."""
    return idx(f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255.0, idx(f"{name}-labels-idx1-ubyte.gz", 8)


def standardized(pixels):
    """By the means and standard deviations of the training images."""
    of = part("train")[0][:-5000]
    return ((pixels - of.mean(axis=0)) / of.std(axis=0)).astype(np.float32)


def train():
    """The 55,000 training images [N][784] and their labels."""
    pixels, labels = part("train")
    return standardized(pixels[:-5000]), labels[:-5000]


def test():
    """The 10,000 test images [N][784] and their labels."""
    pixels, labels = part("t10k")
    return standardized(pixels), labels
