"""Training steps of a small GPT in PyTorch, CPU, measured on demand.

Speaks the protocol of torch_serve.py. A workload is

  gpt dense width

4 blocks with heads of 32 entries, rotary positions, norms and maps without bias, tanh GELU, scores by
the table of tokens; 8 texts of 128 bytes; fused attention; AdamW (its fused form).
"""

import torch
from torch.nn import functional

from torch_serve import serve

BATCH, CONTEXT, VOCABULARY, BLOCKS, HEAD = 8, 128, 256, 4, 32


class Gpt:
    def __init__(self, width):
        self.width = width
        shapes = [(3 * width, width), (width, width), (4 * width, width), (width, 4 * width)]
        self.table = torch.nn.Parameter(0.02 * torch.randn(VOCABULARY, width))
        self.blocks = [
            [torch.nn.Parameter(0.02 * torch.randn(*shape)) for shape in shapes]
            + [torch.nn.Parameter(torch.ones(width)) for _ in range(2)]
            for _ in range(BLOCKS)
        ]
        self.scale = torch.nn.Parameter(torch.ones(width))
        variables = [self.table, self.scale] + [w for block in self.blocks for w in block]
        self.rule = torch.optim.AdamW(variables, lr=1e-4, weight_decay=0, fused=True)
        self.x = torch.randint(0, VOCABULARY, (BATCH, CONTEXT))
        self.y = torch.randint(0, VOCABULARY, (BATCH, CONTEXT))
        angles = torch.outer(torch.arange(CONTEXT), 10000.0 ** (-torch.arange(0, HEAD, 2) / HEAD))
        self.cosines, self.sines = angles.cos(), angles.sin()

    def turned(self, x):
        a, b = x.chunk(2, dim=-1)
        c, s = self.cosines, self.sines
        return torch.cat([a * c - b * s, b * c + a * s], dim=-1)

    def attention(self, x, joint, out):
        heads = [
            t.view(BATCH, CONTEXT, -1, HEAD).transpose(1, 2)
            for t in functional.linear(x, joint).chunk(3, dim=-1)
        ]
        q, k, v = self.turned(heads[0]), self.turned(heads[1]), heads[2]
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return functional.linear(y.transpose(1, 2).reshape(BATCH, CONTEXT, self.width), out)

    def normalised(self, x, scale):
        return functional.layer_norm(x, (self.width,), scale)

    def forward(self):
        h = functional.embedding(self.x, self.table)
        for joint, out, up, down, first, second in self.blocks:
            h = h + self.attention(self.normalised(h, first), joint, out)
            inner = functional.linear(self.normalised(h, second), up)
            h = h + functional.linear(functional.gelu(inner, approximate="tanh"), down)
        return functional.linear(self.normalised(h, self.scale), self.table)

    def step(self):
        loss = functional.cross_entropy(self.forward().view(-1, VOCABULARY), self.y.view(-1))
        self.rule.zero_grad()
        loss.backward()
        self.rule.step()


def make(name):
    kind, form, *sizes = name.split(" ")
    if kind == "gpt" and form == "dense" and len(sizes) == 1:
        return Gpt(int(sizes[0]))
    raise ValueError(f"unknown workload {name}")


if __name__ == "__main__":
    serve(make)
