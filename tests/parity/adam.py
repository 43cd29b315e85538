"""Steps of torch.optim.Adam and AdamW in f64, for adam_parity_test.ts: python3 adam.py FILE.

FILE has JSON of {"optimizer", "settings", "decaying", "others", "gradients"}: the settings as PyTorch calls them, the
first values of parameters that weight decay acts on and of those that it spares, and for each step the gradients of
both lists in turn. Prints JSON of what they are after the last step: values, means of the gradient and of its square.
"""

import json
import sys

import torch


def main(path):
    with open(path) as file:
        case = json.load(file)
    decaying, others = (
        [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in case[name]]
        for name in ("decaying", "others")
    )
    parameters = decaying + others
    kind = getattr(torch.optim, case["optimizer"])
    groups = [{"params": decaying}] + ([{"params": others, "weight_decay": 0.0}] if others else [])
    settings = case["settings"] | {"betas": tuple(map(float, case["settings"]["betas"]))}
    optimizer = kind(groups, **settings)
    for gradients in case["gradients"]:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
    state = [optimizer.state[parameter] for parameter in parameters]
    print(
        json.dumps(
            {
                "values": [parameter.tolist() for parameter in parameters],
                "meanGradient": [one["exp_avg"].tolist() for one in state],
                "meanSquare": [one["exp_avg_sq"].tolist() for one in state],
            }
        )
    )


main(sys.argv[1])
