"""The network, the batch and the starting weights that every peer trains on.

One seed gives the same connections, values, samples and classes to each peer, so that their losses can be
compared before their times are.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

LEARNING_RATE = 0.01
MOMENTUM = 0.9
ALPHA = 0.6  # slope of All-ReLU: -ALPHA in the first hidden layer, +ALPHA in the second, and so on


@dataclass
class Layer:
    """Connections of one layer in CSR by output neuron, the order that every peer here takes."""

    inputs: int
    neurons: int
    indptr: np.ndarray  # int64 [neurons + 1]
    indices: np.ndarray  # int64 [nnz], ascending in a row
    values: np.ndarray  # float32 [nnz], none of them zero

    def dense(self) -> np.ndarray:
        """The same weights as an array of shape [neurons, inputs]."""
        weights = np.zeros((self.neurons, self.inputs), np.float32)
        rows = np.repeat(np.arange(self.neurons), np.diff(self.indptr))
        weights[rows, self.indices] = self.values
        return weights


@dataclass
class Network:
    """Layers and one batch."""

    layers: list[Layer]
    samples: np.ndarray  # float32 [batch, inputs], zero mean and unit variance
    classes: np.ndarray  # int64 [batch]

    @property
    def connections(self) -> int:
        return sum(len(layer.values) for layer in self.layers)

    @property
    def slopes(self) -> list[float]:
        """All-ReLU's slope on the negative side, one for each hidden layer."""
        return [-ALPHA if number % 2 == 0 else ALPHA for number in range(len(self.layers) - 1)]


def erdos_renyi(inputs: int, neurons: int, epsilon: float, random: np.random.Generator) -> Layer:
    """A layer whose connections exist with probability min(1, epsilon (n + m) / (n m)).

    Weights are He uniform for the connections a neuron has, not for the dense width, so that a few steps move
    the loss by much and a wrong peer shows.
    """
    probability = min(1.0, epsilon * (inputs + neurons) / (inputs * neurons))
    mask = random.random((neurons, inputs), dtype=np.float32) < probability
    indptr = np.concatenate(([0], np.cumsum(mask.sum(axis=1))))
    indices = np.nonzero(mask)[1]
    limit = sqrt(6 / (probability * inputs))
    values = random.uniform(-limit, limit, len(indices)).astype(np.float32)
    values[values == 0] = limit  # a zero would vanish from the structure of peers that start from a dense array
    return Layer(inputs, neurons, indptr, indices, values)


def build(sizes: list[int], epsilon: float, batch: int, seed: int) -> Network:
    """The network of these sizes with one batch of noise, all drawn from `seed`."""
    random = np.random.default_rng(seed)
    layers = [erdos_renyi(n, m, epsilon, random) for n, m in zip(sizes, sizes[1:])]
    samples = random.standard_normal((batch, sizes[0]), dtype=np.float32)
    return Network(layers, samples, random.integers(0, sizes[-1], batch))
