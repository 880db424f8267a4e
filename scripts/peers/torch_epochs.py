"""The notebook's two models in PyTorch, eager, fused optimizers, images held as tensors. Arguments: epochs, threads, and the
method: SGD, momentum, Adam, or "8 bits" (SGD with momentum and PyTorch's own fake quantization; eager mode, the
default configuration for x86, Dense and BatchNormalization fused where PyTorch can).
Prints {"after": [seconds per epoch], "before": [...]}."""
import json
import sys
import time
import warnings

import images
import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

BATCH = 32


def norm(units):
    return nn.BatchNorm1d(units, eps=1e-3, momentum=0.01)


def after():
    return nn.Sequential(norm(784), nn.Linear(784, 300), nn.ReLU(), norm(300), nn.Linear(300, 100), nn.ReLU(),
                         norm(100), nn.Linear(100, 10))


def before():
    return nn.Sequential(nn.Linear(784, 300, bias=False), norm(300), nn.ReLU(), nn.Linear(300, 100, bias=False),
                         norm(100), nn.ReLU(), nn.Linear(100, 10))


def fake_quantized(model):
    """`model` with fake quantization in its steps."""
    from torch.ao import quantization

    names = [name for name, _ in model.named_children()]
    kinds = [type(layer) for layer in model]
    pairs = ((nn.Linear, nn.ReLU), (nn.Linear, nn.BatchNorm1d))
    fused = [[names[at], names[at + 1]] for at in range(len(names) - 1) if (kinds[at], kinds[at + 1]) in pairs]
    model = quantization.fuse_modules_qat(model.train(), fused)
    model = nn.Sequential(quantization.QuantStub(), model, quantization.DeQuantStub())
    model.qconfig = quantization.get_default_qat_qconfig("x86")
    return quantization.prepare_qat(model.train())


def optimizer(way, parameters):
    if way == "Adam":
        return torch.optim.Adam(parameters, lr=0.001, eps=1e-7, fused=True)
    momentum = 0.0 if way == "SGD" else 0.9
    return torch.optim.SGD(parameters, lr=0.01, momentum=momentum, nesterov=way == "8 bits", fused=True)


def epoch(model, optimizer, x, y):
    start = time.perf_counter()
    order = torch.randperm(len(x))
    for first in range(0, len(x), BATCH):
        picked = order[first:first + BATCH]
        loss = cross_entropy(model(x[picked]), y[picked])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


def main():
    epochs, threads = map(int, sys.argv[1:3])
    way = sys.argv[3] if len(sys.argv) > 3 else "SGD"
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    x, y = images.train()
    x, y = torch.tensor(x), torch.tensor(y.astype(np.int64))
    result = {}
    for build in (after, before):
        torch.manual_seed(42)
        model = build().train()
        if way == "8 bits":
            model = fake_quantized(model)
        rule = optimizer(way, model.parameters())
        result[build.__name__] = [epoch(model, rule, x, y) for _ in range(epochs)]
    print(json.dumps(result))


main()
