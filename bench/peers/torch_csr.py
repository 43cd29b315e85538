"""PyTorch with `torch.sparse` CSR weights: only existing connections are stored, computed and updated.

PyTorch has no gradient for the values of a CSR matrix, so the backward pass is written here from its own fast
kernels: `torch.sparse.sampled_addmm` for the values, a second CSR with fixed structure for the input. Indices
are 32-bit and activations feature-major ([neurons, batch]), the fastest of the forms tried.
"""

import torch

import network
import torch_training


class Structure:
    """Where the connections of a layer stand, in CSR by output neuron and in CSR by input neuron."""

    def __init__(self, layer: network.Layer):
        self.size = (layer.neurons, layer.inputs)
        self.indptr = torch.from_numpy(layer.indptr).int()
        self.indices = torch.from_numpy(layer.indices).int()
        rows = torch.repeat_interleave(torch.arange(layer.neurons), self.indptr.diff().long())
        self.order = torch.argsort(self.indices, stable=True)  # from output order to input order
        counts = torch.bincount(self.indices.long(), minlength=layer.inputs)
        self.transposed_indptr = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)]).int()
        self.transposed_indices = rows[self.order].int()
        self.zeros = self.matrix(torch.zeros(len(layer.values)))

    def matrix(self, values: torch.Tensor) -> torch.Tensor:
        """Weights, shape [neurons, inputs]; `values` is not copied."""
        return torch.sparse_csr_tensor(self.indptr, self.indices, values, self.size)

    def transposed(self, values: torch.Tensor) -> torch.Tensor:
        """Weights, shape [inputs, neurons], from `values` in output order."""
        return torch.sparse_csr_tensor(
            self.transposed_indptr, self.transposed_indices, values[self.order], self.size[::-1]
        )


class SparseProduct(torch.autograd.Function):
    """Y = W X, with gradients for X and for the values of W."""

    @staticmethod
    def forward(ctx, values, x, structure):
        ctx.save_for_backward(values, x)
        ctx.structure = structure
        return structure.matrix(values) @ x

    @staticmethod
    def backward(ctx, delta):
        values, x = ctx.saved_tensors
        gradient = torch.sparse.sampled_addmm(ctx.structure.zeros, delta, x.t(), beta=0.0).values()
        # The first layer needs no gradient of its input.
        delta_x = ctx.structure.transposed(values) @ delta if ctx.needs_input_grad[1] else None
        return gradient, delta_x, None


problem = torch_training.Problem(feature_major=True)
weights = [torch.nn.Parameter(torch.from_numpy(layer.values)) for layer in problem.network.layers]
biases = [torch.nn.Parameter(torch.zeros(layer.neurons, 1)) for layer in problem.network.layers]
layers = [
    lambda x, w=w, b=b, s=Structure(layer): SparseProduct.apply(w, x, s) + b
    for w, b, layer in zip(weights, biases, problem.network.layers)
]
step = problem.stepper(layers, torch_training.optimizer([*weights, *biases]))
problem.report("torch-csr", torch.__version__, problem.network.connections, step)
