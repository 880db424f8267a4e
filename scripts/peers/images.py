"""Fashion-MNIST as the notebook prepares it: split, divided by 255, standardized per pixel; float32."""
import gzip
import os

import numpy as np

FOLDER = os.environ.get("FOLDNET_DATA", "/usr/share/datasets/fashion-mnist")


def idx(name, offset):
    with gzip.open(os.path.join(FOLDER, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def train():
    """The 55,000 training images [N][784] and their labels."""
    pixels = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:-5000] / 255.0
    labels = idx("train-labels-idx1-ubyte.gz", 8)[:-5000]
    standardized = (pixels - pixels.mean(axis=0)) / pixels.std(axis=0)
    return standardized.astype(np.float32), labels
