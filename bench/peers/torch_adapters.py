"""LoRA in PyTorch, CPU, measured on demand.

Speaks the protocol of torch_serve.py. A workload is

  adapter torch inputs outputs rank

one step of Adam on the factors of LoRA beside a frozen linear map with a bias, mean squared error over
256 rows: the adapter of the package peft where that is installed, else the same map written out.
"""

import torch

from torch_serve import serve

try:
    import peft
except ImportError:
    peft = None

ROWS = 256
RATE = 1e-4


class WrittenOut(torch.nn.Module):
    def __init__(self, base, rank):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.a = torch.nn.Linear(base.in_features, rank, bias=False)
        self.b = torch.nn.Linear(rank, base.out_features, bias=False)
        torch.nn.init.zeros_(self.b.weight)

    def forward(self, x):
        return self.base(x) + self.b(self.a(x))


def adapted(inputs, outputs, rank):
    base = torch.nn.Linear(inputs, outputs)
    if peft is None:
        return WrittenOut(base, rank)
    net = torch.nn.Sequential(base)
    config = peft.LoraConfig(r=rank, lora_alpha=rank, target_modules=["0"])
    return peft.get_peft_model(net, config)


class Step:
    def __init__(self, inputs, outputs, rank):
        self.net = adapted(inputs, outputs, rank)
        trained = [p for p in self.net.parameters() if p.requires_grad]
        self.rule = torch.optim.Adam(trained, lr=RATE)
        self.x = torch.rand(ROWS, inputs) * 2 - 1
        self.y = torch.rand(ROWS, outputs) * 2 - 1

    def step(self):
        self.rule.zero_grad()
        torch.nn.functional.mse_loss(self.net(self.x), self.y).backward()
        self.rule.step()


def make(name):
    kind, form, *numbers = name.split(" ")
    if kind == "adapter" and form == "torch" and len(numbers) == 3:
        return Step(*map(int, numbers))
    raise ValueError(f"unknown workload {name}")


if __name__ == "__main__":
    serve(make)
