"""PyTorch with dense float32 weights and no masks: what a dense network of the same widths costs.

Only bench/density.ts runs it; `--epsilon` must be large enough for every connection to exist.
"""

import torch

import torch_training

problem = torch_training.Problem()
dense = torch_training.DenseLayers(problem.network)
sgd = torch_training.optimizer([*dense.weights, *dense.biases])
step = problem.stepper(dense.functions, sgd)
problem.report("torch-unmasked", torch.__version__, problem.network.connections, step)
