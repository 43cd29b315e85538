"""Trains one of the PyTorch peers on Fashion-MNIST, prints test accuracies and seconds as one JSON line; see README.md."""

import argparse
import json
import math
import sys
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "peers"))

import numpy as np
import torch
from torch.nn.functional import cross_entropy, dropout, leaky_relu, linear, relu

from network import Layer, erdos_renyi

SIZES = [784, 1000, 1000, 1000, 10]
EPSILON = 20.0
BATCH = 128
MOMENTUM = 0.9
WEIGHT_DECAY = 0.0005
DROPOUT = 0.3
ZETA = 0.3  # share of the connections of a layer that SET replaces; falls like a cosine, as ours
ALPHA = 0.8  # All-ReLU
PARTS = 9  # parts of an epoch that are timed


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--system", choices=["torch-dense", "torch-masked", "sparselab"], required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of train and test, see run.ts")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--schedule", choices=["constant", "cosine"], required=True)
    parser.add_argument("--warm-up", type=float, required=True, help="epochs in which the rate of a cosine rises")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--until", type=float, required=True, help="accuracy at which training stops")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args()


def read(folder: Path, part: str, mean: np.ndarray | None, scale: np.ndarray | None):
    """Samples and classes of a part; without statistics those of its own features."""
    features = np.fromfile(folder / f"{part}.features", np.uint8).reshape(-1, SIZES[0]).astype(np.float32)
    if mean is None:
        mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
        scale = np.where(deviation > 0, 1 / np.where(deviation > 0, deviation, 1), 0)
    standardised = ((features - mean) * scale).astype(np.float32)
    classes = np.fromfile(folder / f"{part}.labels", np.uint32).astype(np.int64)
    return torch.from_numpy(standardised), torch.from_numpy(classes), mean, scale


def connected(seed: int, dense: bool) -> list[Layer]:
    """Layers with He uniform weights for the dense fan-in, as our recipe has them."""
    random = np.random.default_rng(seed)
    layers = [erdos_renyi(n, m, 1e9 if dense else EPSILON, random) for n, m in zip(SIZES, SIZES[1:])]
    for layer in layers:
        probability = 1.0 if dense else min(1.0, EPSILON * (layer.inputs + layer.neurons) / (layer.inputs * layer.neurons))
        layer.values *= np.float32(math.sqrt(probability))
    return layers


class Dense:
    """Dense weights."""

    version = torch.__version__

    def __init__(self, seed: int, sparse: bool = False):
        self.connections = connected(seed, not sparse)
        self.weights = [torch.nn.Parameter(torch.from_numpy(layer.dense())) for layer in self.connections]
        self.biases = [torch.nn.Parameter(torch.zeros(layer.neurons)) for layer in self.connections]
        self.parameters = [*self.weights, *self.biases]
        self.functions = [lambda x, w=w, b=b: linear(x, w, b) for w, b in zip(self.weights, self.biases)]

    def activation(self, x: torch.Tensor, layer: int) -> torch.Tensor:
        return relu(x)

    def step(self, sgd: torch.optim.SGD) -> None:
        sgd.step()

    def evolve(self, sgd: torch.optim.SGD, share: float) -> None:
        """A dense network keeps its connections."""


class Masked(Dense):
    """Dense weights with masks on gradient and weight; SET on the masks, as the paper has it."""

    def __init__(self, seed: int):
        super().__init__(seed, sparse=True)
        self.masks = [(weight.detach() != 0).float() for weight in self.weights]

    def activation(self, x: torch.Tensor, layer: int) -> torch.Tensor:
        return leaky_relu(x, -ALPHA if layer % 2 == 0 else ALPHA)

    @torch.no_grad()
    def step(self, sgd: torch.optim.SGD) -> None:
        for weight, mask in zip(self.weights, self.masks):
            weight.grad.mul_(mask)
        sgd.step()
        for weight, mask in zip(self.weights, self.masks):
            weight.mul_(mask)

    @torch.no_grad()
    def evolve(self, sgd: torch.optim.SGD, share: float) -> None:
        for weight, mask in zip(self.weights, self.masks):
            empty = torch.nonzero(mask.view(-1) == 0).view(-1)
            if len(empty) == 0:
                continue
            places = torch.nonzero(mask.view(-1)).view(-1)
            values = weight.view(-1)[places]
            dropped = torch.cat([
                places[side][values[side].abs().argsort()[: round(share * int(side.sum()))]]
                for side in (values > 0, values <= 0)
            ])
            grown = empty[torch.randperm(len(empty))[: len(dropped)]]
            mask.view(-1)[dropped] = 0
            mask.view(-1)[grown] = 1
            for plane in (weight, sgd.state[weight]["momentum_buffer"]):
                plane.view(-1)[dropped] = 0
                plane.view(-1)[grown] = 0


class Sparselab(Masked):
    """sparselab's own layers, with its own SET once an epoch."""

    def __init__(self, seed: int):
        import sparselab

        self.version = version("sparselab")
        self.connections = connected(seed, False)
        self.layers = [self.linear(sparselab, layer) for layer in self.connections]
        self.parameters = [parameter for layer in self.layers for parameter in layer.parameters()]
        self.functions = self.layers
        self.set = sparselab.SET(sparsity=0.95, drop_fraction=ZETA, update_freq=1 << 60, seed=seed)
        # The last layer has every connection.
        for layer in self.layers[:-1]:
            layer.apply(self.set)

    @staticmethod
    def linear(sparselab, layer: Layer):
        module = sparselab.SparseLinear(layer.inputs, layer.neurons, sparsity=0.99)
        parts = (torch.from_numpy(part) for part in (layer.indptr, layer.indices, layer.values))
        matrix = torch.sparse_csr_tensor(*parts, size=(layer.neurons, layer.inputs))
        module._csr = sparselab.PaddedCSR.from_torch_sparse_csr(matrix)
        module._values = torch.nn.Parameter(torch.from_numpy(np.asarray(module._csr.values)))
        torch.nn.init.zeros_(module.bias)
        return module

    def step(self, sgd: torch.optim.SGD) -> None:
        sgd.step()

    def evolve(self, sgd: torch.optim.SGD, share: float) -> None:
        if share <= 0:
            return
        self.set.drop_fraction = share
        self.set.update()


def rate_at(found: argparse.Namespace, progress: float) -> float:
    """The learning rate after `progress` epochs."""
    if found.schedule == "constant":
        return found.rate
    rising = min(1.0, max(progress, 1e-3) / found.warm_up)
    return found.rate * rising * (1 + math.cos(math.pi * min(1.0, progress / found.epochs))) / 2


def main() -> None:
    found = options()
    torch.set_num_threads(found.threads)
    torch.manual_seed(found.seed)
    samples, classes, mean, scale = read(found.data, "train", None, None)
    test_samples, test_classes, _, _ = read(found.data, "test", mean, scale)
    system = {"torch-dense": Dense, "torch-masked": Masked, "sparselab": Sparselab}[found.system](found.seed)
    sgd = torch.optim.SGD(
        system.parameters,
        lr=found.rate,
        momentum=MOMENTUM,
        nesterov=True,
        weight_decay=WEIGHT_DECAY,
        foreach=True,
    )

    def outputs(x: torch.Tensor, dropped: float) -> torch.Tensor:
        for number, layer in enumerate(system.functions[:-1]):
            x = system.activation(layer(x), number)
            if dropped > 0:
                x = dropout(x, dropped)
        return system.functions[-1](x)

    @torch.no_grad()
    def accuracy() -> float:
        right = sum(
            int((outputs(x, 0).argmax(1) == y).sum())
            for x, y in zip(test_samples.split(1000), test_classes.split(1000))
        )
        return right / len(test_classes)

    steps = math.ceil(len(samples) / BATCH)
    accuracies: list[float] = []
    epoch_seconds: list[float] = []
    seconds_alone = math.inf
    diverged = False
    for epoch in range(found.epochs):
        order = torch.randperm(len(samples))
        part_seconds = [0.0] * PARTS
        part_steps = [0] * PARTS
        for step, batch in enumerate(order.split(BATCH)):
            started = time.perf_counter()
            for group in sgd.param_groups:
                group["lr"] = rate_at(found, epoch + step / steps)
            sgd.zero_grad()
            loss = cross_entropy(outputs(samples[batch], DROPOUT), classes[batch])
            loss.backward()
            system.step(sgd)
            part = step * PARTS // steps
            part_seconds[part] += time.perf_counter() - started
            part_steps[part] += 1
        started = time.perf_counter()
        if epoch + 1 < found.epochs:
            system.evolve(sgd, ZETA * (1 + math.cos(math.pi * (epoch + 1) / found.epochs)) / 2)
        evolution = time.perf_counter() - started
        epoch_seconds.append(sum(part_seconds) + evolution)
        least = min(seconds / count for seconds, count in zip(part_seconds, part_steps))
        seconds_alone = min(seconds_alone, least * steps + evolution)
        accuracies.append(accuracy())
        print(f"{found.system}, epoch {epoch + 1}: {accuracies[-1]:.4f}", file=sys.stderr, flush=True)
        diverged = not math.isfinite(loss.item())
        if diverged or accuracies[-1] >= found.until:
            break
    line = {
        "system": found.system,
        "version": system.version,
        "connections": sum(len(layer.values) for layer in system.connections),
        "accuracies": accuracies,
        "epochSeconds": epoch_seconds,
        "leastEpochSeconds": seconds_alone,
        "diverged": diverged,
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
