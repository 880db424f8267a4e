"""The notebook's two models in PyTorch, eager, fused SGD, images held as tensors. Arguments: epochs, threads.
Prints {"after": [seconds an epoch], "before": [...]}."""
import json
import sys
import time

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


torch.set_num_threads(int(sys.argv[2]))
x, y = images.train()
x, y = torch.tensor(x), torch.tensor(y.astype(np.int64))
result = {}
for build in (after, before):
    torch.manual_seed(42)
    model = build().train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=True)
    result[build.__name__] = [epoch(model, optimizer, x, y) for _ in range(int(sys.argv[1]))]
print(json.dumps(result))
