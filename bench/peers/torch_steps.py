"""Training steps in PyTorch, measured on demand.

Speaks the protocol of torch_serve.py. The network is 784-500-500-500-500-10 with ReLU, batch 256,
softmax cross-entropy, plain SGD; the low-rank workloads factorise all weights but the last. A rank
and a width may follow the name of a workload, in place of 32 and 500.

Workloads:
  product n      the product of two n×n matrices; n follows the name
  dense          one SGD step on full weights
  factors-2      one SGD step on W = A Bᵀ, rank 32
  factors-3      one SGD step on W = U S Vᵀ, rank 32
  dlrt-3-pass    one step of the published rank-adaptive integrator (arXiv 2205.13571, algorithm 1):
                 K pass, L pass, QR, S pass, SVD, truncation; the rank is held at 32 by its bounds
"""

import torch

from torch_serve import serve

WIDTHS = [784, 500, 500, 500, 500, 10]
BATCH = 256
RANK = 32
RATE = 0.01
TOLERANCE = 0.1


def make_batch():
    """The same random images and labels in every step."""
    return torch.rand(BATCH, WIDTHS[0]), torch.randint(0, WIDTHS[-1], (BATCH,))


def make_biases():
    return [torch.zeros(n) for n in WIDTHS[1:]]


def make_weight(inputs, outputs):
    return torch.randn(inputs, outputs) * (2.0 / inputs) ** 0.5


def loss_of(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels)


def descend(variables, gradients):
    with torch.no_grad():
        torch._foreach_add_(variables, gradients, alpha=-RATE)


def forward(x, maps):
    """Applies the maps, ReLU between them; the maps end in a fresh tensor, so ReLU works in place."""
    for apply in maps[:-1]:
        x = torch.relu_(apply(x))
    return maps[-1](x)


def leaves(tensors):
    return [t.detach().requires_grad_() for t in tensors]


class Dense:
    def __init__(self):
        self.x, self.labels = make_batch()
        # out×in, the layout of torch.nn.Linear
        weights = [make_weight(m, n).t().contiguous() for m, n in zip(WIDTHS, WIDTHS[1:])]
        self.weights, self.biases = leaves(weights), leaves(make_biases())

    def step(self):
        linear = torch.nn.functional.linear
        maps = [
            lambda x, w=w, b=b: linear(x, w, b) for w, b in zip(self.weights, self.biases)
        ]
        variables = self.weights + self.biases
        loss = loss_of(forward(self.x, maps), self.labels)
        descend(variables, torch.autograd.grad(loss, variables))


class Factors:
    """SGD on the factors themselves: two (A Bᵀ) or three (U S Vᵀ)."""

    def __init__(self, count):
        self.x, self.labels = make_batch()
        shapes = list(zip(WIDTHS[:-2], WIDTHS[1:-1]))
        self.first = leaves([torch.randn(m, RANK) / m**0.5 for m, _ in shapes])
        self.middle = leaves([torch.eye(RANK) for _ in shapes]) if count == 3 else []
        self.second = leaves([torch.randn(n, RANK) / RANK**0.5 for _, n in shapes])
        self.last = make_weight(*WIDTHS[-2:]).requires_grad_()
        self.biases = leaves(make_biases())

    def maps(self):
        def product(i, x):
            h = x @ self.first[i]
            if self.middle:
                h = h @ self.middle[i]
            return torch.addmm(self.biases[i], h, self.second[i].t())

        out = [lambda x, i=i: product(i, x) for i in range(len(self.first))]
        return out + [lambda x: torch.addmm(self.biases[-1], x, self.last)]

    def step(self):
        variables = self.first + self.middle + self.second + [self.last] + self.biases
        loss = loss_of(forward(self.x, self.maps()), self.labels)
        descend(variables, torch.autograd.grad(loss, variables))


class ThreePass:
    """The published rank-adaptive step; U: in×r, V: out×r, W = U S Vᵀ in×out."""

    def __init__(self):
        self.rank = RANK
        self.x, self.labels = make_batch()
        shapes = list(zip(WIDTHS[:-2], WIDTHS[1:-1]))
        self.u = [torch.linalg.qr(torch.randn(m, RANK))[0] for m, _ in shapes]
        self.v = [torch.linalg.qr(torch.randn(n, RANK))[0] for _, n in shapes]
        scale = [(2.0 * n / RANK) ** 0.5 for _, n in shapes]
        self.s = [torch.eye(RANK) * a for a in scale]
        self.last = make_weight(*WIDTHS[-2:])
        self.biases = make_biases()

    def loss(self, first, second, biases, last):
        """Loss of the network whose factorised maps are x ↦ x first secondᵀ + bias."""
        maps = [
            lambda x, p=p, q=q, b=b: torch.addmm(b, x @ p, q.t())
            for p, q, b in zip(first, second, biases)
        ]
        maps.append(lambda x: torch.addmm(biases[-1], x, last))
        return loss_of(forward(self.x, maps), self.labels)

    def moved(self, factors, loss):
        gradients = torch.autograd.grad(loss, factors)
        with torch.no_grad():
            return [torch.add(f, g, alpha=-RATE) for f, g in zip(factors, gradients)]

    def step(self):
        k = leaves([u @ s for u, s in zip(self.u, self.s)])
        k1 = self.moved(k, self.loss(k, self.v, self.biases, self.last))
        l = leaves([v @ s.t() for v, s in zip(self.v, self.s)])
        l1 = self.moved(l, self.loss(self.u, l, self.biases, self.last))
        u = [torch.linalg.qr(torch.cat([a, b], dim=1))[0] for a, b in zip(k1, self.u)]
        v = [torch.linalg.qr(torch.cat([a, b], dim=1))[0] for a, b in zip(l1, self.v)]
        s = leaves([
            (a.t() @ u0) @ s0 @ (b.t() @ v0).t()
            for a, u0, s0, b, v0 in zip(u, self.u, self.s, v, self.v)
        ])
        last, biases = self.last.requires_grad_(), leaves(self.biases)
        loss = self.loss([a @ c for a, c in zip(u, s)], v, biases, last)
        variables = s + biases + [last]
        descend(variables, torch.autograd.grad(loss, variables))
        self.last, self.biases = last.detach(), [b.detach() for b in biases]
        self.truncate(u, [c.detach() for c in s], v)

    def truncate(self, u, s, v):
        for i, core in enumerate(s):
            p, sigma, qt = torch.linalg.svd(core)
            rank = min(self.rank, max(self.rank, tail_rank(sigma)))
            self.u[i] = u[i] @ p[:, :rank]
            self.v[i] = v[i] @ qt[:rank].t()
            self.s[i] = torch.diag(sigma[:rank])


def tail_rank(sigma):
    """Smallest rank whose tail energy is below TOLERANCE times the norm."""
    tails = sigma.square().flip(0).cumsum(0).sqrt().flip(0)
    return int((tails > TOLERANCE * tails[0]).sum())


WORKLOADS = {
    "dense": Dense,
    "factors-2": lambda: Factors(2),
    "factors-3": lambda: Factors(3),
    "dlrt-3-pass": ThreePass,
}


class Product:
    def __init__(self, n):
        self.a, self.b = torch.rand(n, n), torch.rand(n, n)

    def step(self):
        self.a @ self.b


def make(name):
    global RANK, WIDTHS
    first, *numbers = name.split(" ")
    if first == "product" and len(numbers) == 1:
        return Product(int(numbers[0]))
    if first not in WORKLOADS or len(numbers) not in (0, 2):
        raise ValueError(f"unknown workload {name}: known are {', '.join(WORKLOADS)}")
    rank, width = map(int, numbers or (32, 500))
    # What is made looks here while it is made, and no later.
    RANK, WIDTHS = rank, [784, width, width, width, width, 10]
    return WORKLOADS[first]()


if __name__ == "__main__":
    serve(make)
