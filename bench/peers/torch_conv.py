"""Layers of convolutional networks in PyTorch, CPU, measured on demand.

Speaks the protocol of torch_steps.py. A workload is

  conv nchw|nhwc forward|step image inputs outputs kernel stride

one layer: a convolution without bias, batch normalisation in training, ReLU, on 128 images; "step"
adds the backward pass for all parameters and, unless the layer reads the images themselves, for its
input. "nhwc" uses PyTorch's channels-last memory format.
"""

import argparse
import json
import sys
import time

import torch

BATCH = 128


class Layer:
    def __init__(self, layout, what, image, inputs, outputs, kernel, stride):
        order = torch.channels_last if layout == "nhwc" else torch.contiguous_format
        x = torch.rand(BATCH, inputs, image, image).contiguous(memory_format=order)
        self.conv = torch.nn.Conv2d(
            inputs, outputs, kernel, stride, padding=kernel // 2, bias=False
        ).to(memory_format=order)
        self.norm = torch.nn.BatchNorm2d(outputs)
        self.x = x.requires_grad_(inputs != 3)
        self.up = torch.rand(BATCH, outputs)
        self.step = self.backward if what == "step" else self.inference

    def forward(self):
        return torch.relu_(self.norm(self.conv(self.x)))

    def inference(self):
        with torch.no_grad():
            self.forward()

    def backward(self):
        leaves = list(self.conv.parameters()) + list(self.norm.parameters())
        if self.x.requires_grad:
            leaves.append(self.x)
        loss = (self.forward().mean((2, 3)) * self.up).sum()
        torch.autograd.grad(loss, leaves)


def make(name):
    kind, layout, what, *sizes = name.split(" ")
    if kind != "conv" or len(sizes) != 5:
        raise ValueError(f"unknown workload {name}")
    return Layer(layout, what, *map(int, sizes))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    made = {}
    say({"ready": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads()})
    for line in sys.stdin:
        request = json.loads(line)
        name = request["workload"]
        try:
            if name not in made:
                made[name] = make(name)
        except ValueError as error:
            say({"error": str(error)})
            continue
        work = made[name]
        start = time.perf_counter()
        for _ in range(request["steps"]):
            work.step()
        say({"seconds": time.perf_counter() - start})


def say(record):
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
