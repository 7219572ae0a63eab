"""One update of a square matrix by the optimizers of PyTorch, measured on demand.

Speaks the protocol of torch_serve.py. The gradient stays the same.

Workloads, each followed by the size n of the matrix:
  adam           torch.optim.Adam
  adafactor      torch.optim.Adafactor
  muon           Muon in float32, as torch.optim.Muon writes it
  muon-bfloat16  torch.optim.Muon, whose products are of bfloat16
  galore         GaLore with Adam, rank 64, between choices of its subspace (arXiv 2403.03507)
  galore-choice  the same, with an SVD for a new subspace in every step, as published
"""

import torch

from torch_serve import serve

RANK = 64
RATE = 1e-3
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Rule:
    def __init__(self, make, size):
        self.weight = torch.nn.Parameter(0.1 * torch.randn(size, size))
        self.weight.grad = torch.randn(size, size)
        self.optimizer = make([self.weight], lr=RATE)

    def step(self):
        self.optimizer.step()


class GaLore:
    """W ← W − η P ψ(Pᵀ G), where Adam steps by −η ψ."""

    def __init__(self, size, every):
        self.weight = 0.1 * torch.randn(size, size)
        self.gradient = torch.randn(size, size)
        self.mean = torch.zeros(RANK, size)
        self.square = torch.zeros(RANK, size)
        self.basis = None
        self.every = every
        self.count = 0

    def step(self):
        if self.basis is None or self.count % self.every == 0:
            self.basis = torch.linalg.svd(self.gradient, full_matrices=False)[0][:, :RANK]
        self.count += 1
        seen = self.basis.t() @ self.gradient
        self.mean.lerp_(seen, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(seen, seen, value=1 - BETA2)
        root = (self.square / (1 - BETA2**self.count)).sqrt_().add_(EPSILON)
        direction = self.mean / root
        self.weight.addmm_(self.basis, direction, alpha=-RATE / (1 - BETA1**self.count))


class Muon:
    """W ← W − η O with O near to the polar factor of the momentum, by Newton-Schulz."""

    BETA = 0.95
    LINEAR, CUBIC, QUINTIC = 3.4445, -4.775, 2.0315

    def __init__(self, size):
        self.weight = 0.1 * torch.randn(size, size)
        self.gradient = torch.randn(size, size)
        self.mean = torch.zeros(size, size)

    def step(self):
        self.mean.lerp_(self.gradient, 1 - self.BETA)
        x = self.gradient.lerp(self.mean, self.BETA)
        x.div_(x.norm() + 1e-7)
        for _ in range(5):
            gram = x @ x.t()
            mixed = torch.addmm(gram, gram, gram, beta=self.CUBIC, alpha=self.QUINTIC)
            x = torch.addmm(x, mixed, x, beta=self.LINEAR)
        self.weight.add_(x, alpha=-RATE)


RULES = {
    "adam": torch.optim.Adam,
    "adafactor": getattr(torch.optim, "Adafactor", None),
    "muon-bfloat16": getattr(torch.optim, "Muon", None),
}


def make(name):
    rule, _, size = name.partition(" ")
    if rule in ("galore", "galore-choice"):
        return GaLore(int(size), 1 if rule == "galore-choice" else 10**9)
    if rule == "muon":
        return Muon(int(size))
    if RULES.get(rule) is None:
        raise ValueError(f"PyTorch {torch.__version__} has no rule {rule}")
    return Rule(RULES[rule], int(size))


if __name__ == "__main__":
    serve(make)
