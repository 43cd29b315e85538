"""The part of a training step that is the same for every peer inside PyTorch."""

from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cross_entropy, dropout, leaky_relu, linear

import measure
from network import LEARNING_RATE, MOMENTUM, Network, build

# Takes activations to pre-activations, in the peer's own orientation.
LayerFunction = Callable[[torch.Tensor], torch.Tensor]


class Problem:
    """The network and the batch that the command line asks for."""

    def __init__(self, feature_major: bool = False):
        """Also sets the number of threads, and the seed of dropout."""
        self.options = measure.options()
        torch.set_num_threads(self.options.threads)
        torch.manual_seed(self.options.seed)
        self.network = build(self.options.sizes, self.options.epsilon, self.options.batch, self.options.seed)
        self.feature_major = feature_major
        samples = torch.from_numpy(self.network.samples)
        self.samples = samples.t().contiguous() if feature_major else samples
        self.classes = torch.from_numpy(self.network.classes)

    def loss_of(self, layers: Sequence[LayerFunction]) -> torch.Tensor:
        """Forward pass: All-ReLU and dropout after each hidden layer, softmax cross-entropy at the end."""
        x = self.samples
        for layer, slope in zip(layers, self.network.slopes):
            # Not in place: autograd forbids that for a negative slope.
            x = leaky_relu(layer(x), slope)
            if self.options.dropout > 0:
                x = dropout(x, self.options.dropout)
        output = layers[-1](x)
        return cross_entropy(output.t() if self.feature_major else output, self.classes)

    def stepper(self, layers: Sequence[LayerFunction], sgd: torch.optim.SGD) -> Callable[[], float]:
        """A whole training step of layers that need nothing beside it; it returns the loss before it."""

        def step() -> float:
            sgd.zero_grad()
            loss = self.loss_of(layers)
            loss.backward()
            sgd.step()
            return loss.item()

        return step

    def report(self, system: str, version: str, connections: int, step: Callable[[], float]) -> None:
        """Times the step and prints what was found."""
        measure.report(system, version, self.options, connections, step)


class DenseLayers:
    """Layers of dense weights, which PyTorch multiplies as such."""

    def __init__(self, network: Network):
        self.weights = [torch.nn.Parameter(torch.from_numpy(layer.dense())) for layer in network.layers]
        self.biases = [torch.nn.Parameter(torch.zeros(layer.neurons)) for layer in network.layers]
        self.functions = [lambda x, w=w, b=b: linear(x, w, b) for w, b in zip(self.weights, self.biases)]


def optimizer(parameters: Sequence[torch.nn.Parameter]) -> torch.optim.SGD:
    """Momentum SGD over all tensors at once, PyTorch's fastest form of it on a CPU that it offers."""
    return torch.optim.SGD(parameters, lr=LEARNING_RATE, momentum=MOMENTUM, foreach=True)
