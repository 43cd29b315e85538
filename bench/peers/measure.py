"""Reads the options that every peer shares, checks and times a training step, prints one JSON line."""

import argparse
import json
import sys
import time
from collections.abc import Callable

CHECKED_STEPS = 10  # the loss after so many steps must be the same in every peer


def options() -> argparse.Namespace:
    """The command line, see README.md."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--network", default="784-1000-1000-1000-10")
    parser.add_argument("--epsilon", type=float, default=20.0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--sample-ms", type=float, default=200.0)
    found = parser.parse_args()
    found.sizes = [int(size) for size in found.network.split("-")]
    return found


def report(
    system: str, version: str, found: argparse.Namespace, connections: int, step: Callable[[], float]
) -> None:
    """Times `step`, which trains on one batch and returns its loss as a number."""
    losses = [step() for _ in range(CHECKED_STEPS)]
    steps = steps_a_sample(step, found.sample_ms)
    samples = sorted(sample(step, steps) for _ in range(found.samples))
    line = {
        "system": system,
        "version": version,
        "threads": found.threads,
        "network": found.network,
        "epsilon": found.epsilon,
        "batch": found.batch,
        "dropout": found.dropout,
        "connections": connections,
        "medianMs": (samples[(len(samples) - 1) // 2] + samples[len(samples) // 2]) / 2,
        "minMs": samples[0],
        "maxMs": samples[-1],
        "samplesMs": samples,
        "stepsPerSample": steps,
        # With dropout each peer draws other neurons, so that losses cannot be compared.
        "checkLosses": [losses[0], losses[-1]] if found.dropout == 0 else None,
    }
    print(json.dumps(line), file=sys.stdout, flush=True)


def sample(step: Callable[[], float], steps: int) -> float:
    """Milliseconds a step, the mean of `steps` steps in a row."""
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) * 1000 / steps


def steps_a_sample(step: Callable[[], float], sample_ms: float) -> int:
    """How many steps last about `sample_ms` milliseconds; finding out is the warm-up."""
    steps = 1
    while (elapsed_ms := steps * sample(step, steps)) < sample_ms / 2:
        steps *= 2
    return max(1, round(steps * sample_ms / elapsed_ms))
