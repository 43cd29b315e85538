"""sparselab: a PyTorch extension that stores weights in padded CSR rows."""

from importlib.metadata import version

import numpy as np
import torch
from sparselab import PaddedCSR, SparseLinear

import measure
import network
import torch_training


def sparse_linear(layer: network.Layer) -> SparseLinear:
    """A sparselab layer with exactly our connections; its constructor would draw its own."""
    module = SparseLinear(layer.inputs, layer.neurons, sparsity=0.99)
    parts = (torch.from_numpy(part) for part in (layer.indptr, layer.indices, layer.values))
    module._csr = PaddedCSR.from_torch_sparse_csr(
        torch.sparse_csr_tensor(*parts, size=(layer.neurons, layer.inputs))
    )
    # As sparselab does it: the parameter is a view of the matrix's own memory.
    module._values = torch.nn.Parameter(torch.from_numpy(np.asarray(module._csr.values)))
    torch.nn.init.zeros_(module.bias)
    return module


found = measure.options()
torch_training.start(found)
net = network.build(found.sizes, found.epsilon, found.batch, found.seed)
samples, classes = torch.from_numpy(net.samples), torch.from_numpy(net.classes)
layers = [sparse_linear(layer) for layer in net.layers]
sgd = torch_training.optimizer([parameter for layer in layers for parameter in layer.parameters()])


def step() -> float:
    sgd.zero_grad()
    loss = torch_training.loss_of(layers, net, samples, classes, found.dropout)
    loss.backward()
    sgd.step()
    return loss.item()


connections = sum(layer.nnz for layer in layers)
measure.report("sparselab", version("sparselab"), found, connections, step)
