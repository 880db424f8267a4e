#!/usr/bin/env python3
"""Trains a PyTorch model on Fashion-MNIST and saves it for Foldnet.

    pip install torch safetensors numpy
    python pytorch.py [FOLDER WITH THE FOUR IDX FILES] [STEPS]

if BatchNorm follows Linear layers with a bias (PyTorch's default), --norm states its position:

    foldnet evaluate model.safetensors --norm before
    foldnet export model.safetensors --norm before --bits 4 --out model.fnet
"""
import gzip
import os
import sys

import numpy as np
import safetensors.torch
import torch
from torch import nn

folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist"
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 3438


def idx(name, header):
    with gzip.open(os.path.join(folder, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


# As in Foldnet: the last twelfth is for validation, and each pixel is standardized separately.
x = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:55000].astype(np.float32) / 255
y = torch.tensor(idx("train-labels-idx1-ubyte.gz", 8)[:55000].astype(np.int64))
mean, std = x.mean(axis=0), x.std(axis=0)
std[std == 0] = 1
x = torch.tensor((x - mean) / std)

torch.manual_seed(42)
model = nn.Sequential(
    *(nn.Linear(784, 300), nn.BatchNorm1d(300), nn.ReLU()),
    *(nn.Linear(300, 100), nn.BatchNorm1d(100), nn.ReLU()),
    nn.Linear(100, 10),
)
optimizer = torch.optim.SGD(model.parameters(), 0.01)
for step in range(steps):
    batch = torch.randint(len(x), (32,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
print(f"{steps} steps, last loss {loss.item():.3f}")

# The line that `foldnet summary` prints.
safetensors.torch.save_file(
    {k: v.contiguous() for k, v in model.state_dict().items()}
    | {k: torch.as_tensor(v, dtype=torch.float32).flatten() for k, v in dict(pixel_mean=mean, pixel_std=std).items()},
    "model.safetensors",
)

model.eval()
test = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(np.float32) / 255
with torch.no_grad():
    found = model(torch.tensor((test - mean) / std)).argmax(1).numpy()
print(f"test accuracy in PyTorch: {(found == idx('t10k-labels-idx1-ubyte.gz', 8)).mean():.4f}")
