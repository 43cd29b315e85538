"""The paper's sequential rules on Madelon, written from scratch in NumPy with dense arrays and masks.

An independent check of what the rules themselves give, whoever implements them: nothing of this package runs here.
`python bench/paper_rules.py FOLDER SEED…` reads Madelon's files in FOLDER and prints one JSON line a seed: best and
last test accuracy of 500 epochs, and the mean from epoch 201 on. A run takes about a minute.
"""

import json
import sys

import numpy as np

SIZES = [500, 400, 100, 400, 2]
EPSILON, BATCH, EPOCHS, ZETA, DROPOUT = 10, 32, 500, 0.3, 0.3
RATE, MOMENTUM, DECAY = np.float32(0.01), np.float32(0.9), np.float32(0.0002)
SLOPES = [np.float32(slope) for slope in (-0.5, 0.5, -0.5)]


def load(folder: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and test samples, standardised by the training part, and their classes."""
    read = lambda name: np.loadtxt(f"{folder}/madelon_{name}")
    train, test = read("train.data"), read("valid.data")
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scaled = lambda samples: ((samples - mean) / deviation).astype(np.float32)
    classes = lambda name: (read(name) > 0).astype(int)
    return scaled(train), classes("train.labels"), scaled(test), classes("valid.labels")


class Network:
    """Weights, velocities and masks of all layers; an absent connection has weight and velocity 0."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.masks, self.weights, self.velocities = [], [], []
        for n, m in zip(SIZES, SIZES[1:]):
            # The authors' `normal` draws its places with replacement: a few coincide.
            draws = EPSILON * (n + m)
            mask = np.zeros((n, m), bool)
            mask[random.integers(0, n, draws), random.integers(0, m, draws)] = True
            self.masks.append(mask)
            self.weights.append(np.where(mask, random.standard_normal((n, m)) / 10, 0).astype(np.float32))
            self.velocities.append(np.zeros((n, m), np.float32))
        self.biases = [np.zeros(m, np.float32) for m in SIZES[1:]]
        self.bias_velocities = [np.zeros(m, np.float32) for m in SIZES[1:]]

    def predict(self, a: np.ndarray) -> np.ndarray:
        for layer, (weights, bias) in enumerate(zip(self.weights, self.biases)):
            a = a @ weights + bias
            if layer < len(SLOPES):
                a = np.where(a < 0, SLOPES[layer] * a, a)
        return a.argmax(axis=1)

    def step(self, x: np.ndarray, classes: np.ndarray) -> None:
        """One mini-batch: forward with inverted dropout, backward, momentum, decay outside the learning rate."""
        activations, derivatives = [x], []
        for layer, (weights, bias) in enumerate(zip(self.weights, self.biases)):
            z = activations[-1] @ weights + bias
            if layer == len(SLOPES):
                break
            kept = (self.random.random(z.shape, np.float32) >= DROPOUT) / np.float32(1 - DROPOUT)
            derivatives.append(np.where(z < 0, SLOPES[layer], np.float32(1)) * kept)
            activations.append(np.where(z < 0, SLOPES[layer] * z, z) * kept)
        delta = np.exp(z - z.max(axis=1, keepdims=True))
        delta /= delta.sum(axis=1, keepdims=True)
        delta[np.arange(len(x)), classes] -= 1
        delta /= len(x)
        gradients = []
        for layer in reversed(range(len(self.weights))):
            gradients.append((layer, activations[layer].T @ delta, delta.sum(axis=0)))
            if layer > 0:
                delta = (delta @ self.weights[layer].T) * derivatives[layer - 1]
        for layer, gradient, bias_gradient in gradients:
            self.velocities[layer] = (MOMENTUM * self.velocities[layer] - RATE * gradient) * self.masks[layer]
            self.bias_velocities[layer] = MOMENTUM * self.bias_velocities[layer] - RATE * bias_gradient
            self.weights[layer] += self.velocities[layer] - DECAY * self.weights[layer]
            self.biases[layer] += self.bias_velocities[layer] - DECAY * self.biases[layer]

    def evolve(self) -> None:
        """SET: the ζ fraction closest to zero of either sign goes, as many grow anywhere; not in the last layer."""
        for layer in range(len(self.weights) - 1):
            weights, mask = self.weights[layer], self.masks[layer]
            positive, negative = np.sort(weights[mask & (weights > 0)]), np.sort(-weights[mask & (weights < 0)])
            least = positive[int(ZETA * len(positive))], negative[int(ZETA * len(negative))]
            kept = mask & ((weights >= least[0]) | (-weights >= least[1]))
            missing = int(mask.sum() - kept.sum())
            places = self.random.choice(np.flatnonzero(~kept.ravel()), missing, replace=False)
            weights, velocity = np.where(kept, weights, 0), np.where(kept, self.velocities[layer], 0)
            weights.ravel()[places] = self.random.standard_normal(missing) / 10
            kept.ravel()[places] = True
            self.weights[layer], self.velocities[layer] = weights.astype(np.float32), velocity.astype(np.float32)
            self.masks[layer] = kept


def run(folder: str, seed: int) -> dict[str, float]:
    """One whole training."""
    x, classes, test, test_classes = load(folder)
    random = np.random.default_rng(seed)
    network = Network(random)
    connections = int(sum(mask.sum() for mask in network.masks))
    accuracy = []
    for epoch in range(EPOCHS):
        order = random.permutation(len(x))
        # The last partial batch is left out, as the authors do.
        for start in range(0, len(x) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            network.step(x[chosen], classes[chosen])
        accuracy.append(float((network.predict(test) == test_classes).mean()))
        if epoch < EPOCHS - 1:
            network.evolve()
    late = accuracy[200:]
    return {
        "seed": seed,
        "connections": connections,
        "best": max(accuracy),
        "last": accuracy[-1],
        "lateMean": float(np.mean(late)),
        "lateDeviation": float(np.std(late)),
    }


if __name__ == "__main__":
    for argument in sys.argv[2:]:
        print(json.dumps(run(sys.argv[1], int(argument))), flush=True)
