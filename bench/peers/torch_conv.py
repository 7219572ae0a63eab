"""Layers of convolutional networks in PyTorch, CPU, measured on demand.

Speaks the protocol of torch_serve.py. A workload is

  conv nchw|nhwc forward|step image inputs outputs kernel stride

one layer: a convolution without bias, batch normalisation in training, ReLU, on 128 images; "step"
adds the backward pass for all parameters and, unless the layer reads the images themselves, for its
input. Or

  net nchw|nhwc forward|step vgg-16|resnet-18

a whole network on 128 images of 32×32; "step" is one step of SGD on the cross-entropy, "forward" is
inference. "nhwc" uses PyTorch's channels-last memory format.
"""

import torch

from torch_serve import serve

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


def normed(inputs, outputs, kernel=3, stride=1):
    return torch.nn.Sequential(
        torch.nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        torch.nn.BatchNorm2d(outputs),
    )


def vgg():
    layers, inputs = [], 3
    for stage in [[64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3]:
        for outputs in stage:
            layers += [normed(inputs, outputs), torch.nn.ReLU(inplace=True)]
            inputs = outputs
        layers.append(torch.nn.MaxPool2d(2))
    layers.append(torch.nn.Flatten())
    for _ in range(2):
        layers += [torch.nn.Linear(512, 512), torch.nn.ReLU(inplace=True)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(512, 10))


class Block(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = normed(inputs, outputs, 3, stride)
        self.second = normed(outputs, outputs)
        same = stride == 1 and inputs == outputs
        self.past = torch.nn.Identity() if same else normed(inputs, outputs, 1, stride)

    def forward(self, x):
        y = self.second(torch.relu_(self.first(x)))
        return torch.relu_(y + self.past(x))


def resnet():
    layers, inputs = [normed(3, 64), torch.nn.ReLU(inplace=True)], 64
    for stage, outputs in enumerate([64, 128, 256, 512]):
        for i in range(2):
            layers.append(Block(inputs, outputs, 2 if stage > 0 and i == 0 else 1))
            inputs = outputs
    return torch.nn.Sequential(
        *layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(512, 10)
    )


NETWORKS = {"vgg-16": vgg, "resnet-18": resnet}


class Network:
    def __init__(self, layout, what, family):
        order = torch.channels_last if layout == "nhwc" else torch.contiguous_format
        self.net = NETWORKS[family]().to(memory_format=order)
        self.x = torch.rand(BATCH, 3, 32, 32).contiguous(memory_format=order)
        self.labels = torch.randint(0, 10, (BATCH,))
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.01)
        self.step = self.train if what == "step" else self.infer

    def train(self):
        self.net.train()
        self.optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(self.net(self.x), self.labels).backward()
        self.optimizer.step()

    def infer(self):
        self.net.eval()
        with torch.no_grad():
            self.net(self.x)


def make(name):
    kind, layout, what, *rest = name.split(" ")
    if kind == "conv" and len(rest) == 5:
        return Layer(layout, what, *map(int, rest))
    if kind == "net" and len(rest) == 1 and rest[0] in NETWORKS:
        return Network(layout, what, rest[0])
    raise ValueError(f"unknown workload {name}")


if __name__ == "__main__":
    serve(make)
