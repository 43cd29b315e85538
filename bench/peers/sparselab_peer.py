"""sparselab: a PyTorch extension that stores weights in padded CSR rows."""

from importlib.metadata import version

import numpy as np
import torch
from sparselab import PaddedCSR, SparseLinear

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


problem = torch_training.Problem()
layers = [sparse_linear(layer) for layer in problem.network.layers]
sgd = torch_training.optimizer([parameter for layer in layers for parameter in layer.parameters()])
connections = sum(layer.nnz for layer in layers)
problem.report("sparselab", version("sparselab"), connections, problem.stepper(layers, sgd))
