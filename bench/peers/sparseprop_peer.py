"""SparseProp: C++ kernels (AVX2, OpenMP) behind a PyTorch layer whose mask never changes."""

from importlib.metadata import version

import torch
from sparseprop.modules import SparseLinear

import torch_training

problem = torch_training.Problem()
layers = [
    SparseLinear(torch.from_numpy(layer.dense()), torch.nn.Parameter(torch.zeros(layer.neurons)))
    for layer in problem.network.layers
]
sgd = torch_training.optimizer([parameter for layer in layers for parameter in layer.parameters()])
connections = sum(len(layer.weight) for layer in layers)
problem.report("sparseprop", version("sparseprop"), connections, problem.stepper(layers, sgd))
