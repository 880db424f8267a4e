#!/usr/bin/env python3
"""Saves small PyTorch models with many naming schemes, with PyTorch's outputs, for tests of the checkpoint reader.

    python3 -m venv .venv && .venv/bin/pip install torch safetensors numpy
    .venv/bin/python make_torch_small.py

Writes for each case into torch_small/, beside this script:
    NAME.safetensors            the unchanged state_dict, plus pixel_mean and pixel_std [16] if the case has them
    NAME.expected.safetensors   x [24, 16] (standardized inputs) and probabilities [24, classes], by PyTorch

Each model is fitted for a few steps, so that every variable, including the running statistics, differs from its initial value. Two
running variances are then set near zero, where the epsilon of 1e-5 matters.
"""
import os

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

INPUTS, IMAGES = 16, 24
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_small")


class Named(nn.Module):
    """Layers by name, run in the order given; a state_dict has no activations."""

    def __init__(self, order, **layers):
        super().__init__()
        self.order = order.split()
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        for name in self.order:
            x = torch.relu(x) if name == "relu" else getattr(self, name)(x)
        return x


class Nested(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.net = inner

    def forward(self, x):
        return self.net(x)


def save(tensors, name):
    path = os.path.join(FOLDER, f"{name}.safetensors")
    save_file(tensors, path)
    os.chmod(path, 0o644)


def make(name, model, classes=10, statistics=True):
    rng = np.random.default_rng(7)
    x = rng.uniform(size=[512, INPUTS])
    y = torch.tensor((x @ rng.normal(size=[INPUTS, classes])).argmax(1))
    mean, std = x.mean(axis=0), x.std(axis=0)
    x = torch.tensor((x - mean) / std, dtype=torch.float32)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(2):
        for batch in range(0, len(x), 32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch : batch + 32]), y[batch : batch + 32]).backward()
            optimizer.step()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_var[:2] = torch.tensor([2e-4, 5e-4])
    model.eval()
    # What `foldnet summary` prints.
    tensors = {k: v.contiguous() for k, v in model.state_dict().items()}
    if statistics:
        tensors |= {k: torch.as_tensor(v, dtype=torch.float32).flatten() for k, v in dict(pixel_mean=mean, pixel_std=std).items()}
    save(tensors, name)
    x = x[:IMAGES].contiguous()
    with torch.no_grad():
        save({"x": x, "probabilities": model(x).softmax(1).contiguous()}, f"{name}.expected")
    print(name, *model.state_dict(), sep="\n    ")


def linear(inputs, units, bias=True):
    return nn.Linear(inputs, units, bias=bias)


os.makedirs(FOLDER, exist_ok=True)
torch.manual_seed(42)
norm, relu = nn.BatchNorm1d, nn.ReLU
make("after", nn.Sequential(norm(16), linear(16, 20), relu(), norm(20), linear(20, 9), relu(), norm(9), linear(9, 10)))
# 0 to 12: as text, 10 comes before 2.
hidden = [[linear(a, b, False), norm(b), relu()] for a, b in [(16, 14), (14, 14), (14, 14), (14, 9)]]
make("before", Nested(nn.Sequential(*sum(hidden, []), linear(9, 10))))
order = "bn0 fc1 relu bn1 fc2 relu bn2 fc3"
make("after_named", Named(order, bn0=norm(16), fc1=linear(16, 12), bn1=norm(12), fc2=linear(12, 7), bn2=norm(7), fc3=linear(7, 10)))
# Names without numbers, not in alphabetical order: only the widths determine the order.
order = "wide relu middle relu head"
make("plain_named", Named(order, wide=linear(16, 13), middle=linear(13, 7), head=linear(7, 4)), classes=4)
make("without_statistics", nn.Sequential(linear(16, 12, False), norm(12), relu(), linear(12, 3)), classes=3, statistics=False)
# Ambiguous: Linear with bias (PyTorch's default), and BatchNorm before or after its activation.
order = "fc1 bn1 relu fc2 bn2 relu out"
make("before_with_bias", Named(order, fc1=linear(16, 20), bn1=norm(20), fc2=linear(20, 9), bn2=norm(9), out=linear(9, 10)))
# Order that neither names nor widths determine.
order = "first relu second relu third"
make("square_named", Named(order, first=linear(16, 16), second=linear(16, 16), third=linear(16, 16)), classes=16)
