"""Causal attention in PyTorch, CPU, measured on demand.

Speaks the protocol of torch_serve.py. A workload is

  attention torch forward|step batch heads tokens width

scaled_dot_product_attention with as many queries as keys; "step" adds the backward pass for
queries, keys and values.
"""

import torch

from torch_serve import serve


class Attention:
    def __init__(self, what, *shape):
        self.operands = [torch.rand(shape) * 2 - 1 for _ in range(3)]
        self.up = torch.rand(shape) * 2 - 1
        self.step = self.backward if what == "step" else self.inference
        for x in self.operands:
            x.requires_grad_(what == "step")

    def forward(self):
        return torch.nn.functional.scaled_dot_product_attention(*self.operands, is_causal=True)

    def inference(self):
        with torch.no_grad():
            self.forward()

    def backward(self):
        torch.autograd.grad((self.forward() * self.up).sum(), self.operands)


def make(name):
    kind, form, what, *shape = name.split(" ")
    if kind == "attention" and form == "torch" and len(shape) == 4:
        return Attention(what, *map(int, shape))
    raise ValueError(f"unknown workload {name}")


if __name__ == "__main__":
    serve(make)
