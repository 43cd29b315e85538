"""PyTorch with dense float32 weights and no masks: what a dense network of the same widths costs.

Only bench/density.ts runs it; `--epsilon` must be large enough for every connection to exist.
"""

import torch
from torch.nn.functional import linear

import measure
import network
import torch_training

found = measure.options()
torch_training.start(found)
net = network.build(found.sizes, found.epsilon, found.batch, found.seed)
samples, classes = torch.from_numpy(net.samples), torch.from_numpy(net.classes)

weights = [torch.nn.Parameter(torch.from_numpy(layer.dense())) for layer in net.layers]
biases = [torch.nn.Parameter(torch.zeros(layer.neurons)) for layer in net.layers]
layers = [lambda x, w=w, b=b: linear(x, w, b) for w, b in zip(weights, biases)]
sgd = torch_training.optimizer([*weights, *biases])


def step() -> float:
    sgd.zero_grad()
    loss = torch_training.loss_of(layers, net, samples, classes, found.dropout)
    loss.backward()
    sgd.step()
    return loss.item()


measure.report("torch-unmasked", torch.__version__, found, net.connections, step)
