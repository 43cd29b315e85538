"""SparseProp: C++ kernels (AVX2, OpenMP) behind a PyTorch layer whose mask never changes."""

from importlib.metadata import version

import torch
from sparseprop.modules import SparseLinear

import measure
import network
import torch_training

found = measure.options()
torch_training.start(found)
net = network.build(found.sizes, found.epsilon, found.batch, found.seed)
samples, classes = torch.from_numpy(net.samples), torch.from_numpy(net.classes)
layers = [
    SparseLinear(torch.from_numpy(layer.dense()), torch.nn.Parameter(torch.zeros(layer.neurons)))
    for layer in net.layers
]
sgd = torch_training.optimizer([parameter for layer in layers for parameter in layer.parameters()])


def step() -> float:
    sgd.zero_grad()
    loss = torch_training.loss_of(layers, net, samples, classes, found.dropout)
    loss.backward()
    sgd.step()
    return loss.item()


connections = sum(len(layer.weight) for layer in layers)
measure.report("sparseprop", version("sparseprop"), found, connections, step)
