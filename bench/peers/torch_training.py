"""The part of a training step that is the same for every peer inside PyTorch."""

import argparse
from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cross_entropy, dropout, leaky_relu

from network import LEARNING_RATE, MOMENTUM, Network

# Takes activations to pre-activations, in the peer's own orientation.
LayerFunction = Callable[[torch.Tensor], torch.Tensor]


def start(found: argparse.Namespace) -> None:
    """Sets the number of threads, and the seed of dropout."""
    torch.set_num_threads(found.threads)
    torch.manual_seed(found.seed)


def optimizer(parameters: Sequence[torch.nn.Parameter]) -> torch.optim.SGD:
    """Momentum SGD over all tensors at once, PyTorch's fastest form of it on a CPU that it offers."""
    return torch.optim.SGD(parameters, lr=LEARNING_RATE, momentum=MOMENTUM, foreach=True)


def loss_of(
    layers: Sequence[LayerFunction],
    network: Network,
    samples: torch.Tensor,
    classes: torch.Tensor,
    dropout_fraction: float,
    feature_major: bool = False,
) -> torch.Tensor:
    """Forward pass: All-ReLU and dropout after each hidden layer, softmax cross-entropy at the end."""
    x = samples
    for layer, slope in zip(layers, network.slopes):
        # Not in place: autograd forbids that for a negative slope.
        x = leaky_relu(layer(x), slope)
        if dropout_fraction > 0:
            x = dropout(x, dropout_fraction)
    output = layers[-1](x)
    return cross_entropy(output.t() if feature_major else output, classes)
