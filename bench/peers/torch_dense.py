"""PyTorch with dense float32 weights: sparsity is simulated by masks on the gradient and on the weight."""

import torch

import torch_training

problem = torch_training.Problem()
dense = torch_training.DenseLayers(problem.network)
masks = [(weight.detach() != 0).float() for weight in dense.weights]
sgd = torch_training.optimizer([*dense.weights, *dense.biases])


def step() -> float:
    sgd.zero_grad()
    loss = problem.loss_of(dense.functions)
    loss.backward()
    with torch.no_grad():
        for weight, mask in zip(dense.weights, masks):
            weight.grad.mul_(mask)
        sgd.step()
        for weight, mask in zip(dense.weights, masks):
            weight.mul_(mask)
    return loss.item()


problem.report("torch-dense", torch.__version__, problem.network.connections, step)
