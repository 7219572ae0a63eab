"""Attacks in PyTorch, written from the publications, for comparison with ours.

Reads one JSON document on standard input: a network as a list of {"weight": rows in×out, "bias"}
with tanh between its maps, images in [0, 1], labels, and a list of attacks {"name", ...settings}.
Writes one JSON document: for each attack the perturbed images, row by row. float32 throughout
except where an attack keeps variables of its own, which are float64.
"""

import json
import sys

import torch


class Network(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.maps = [
            (torch.tensor(layer["weight"]), torch.tensor(layer["bias"])) for layer in layers
        ]

    def forward(self, x):
        for weight, bias in self.maps[:-1]:
            x = torch.tanh(x @ weight + bias)
        weight, bias = self.maps[-1]
        return x @ weight + bias


def gradient(network, x, labels, loss_of):
    x = x.detach().clone().requires_grad_(True)
    loss = loss_of(network(x), labels)
    (g,) = torch.autograd.grad(loss, x)
    return g


def entropy(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def unit(g):
    return g / g.norm(dim=1, keepdim=True)


def into_ball(x, centre, epsilon, norm):
    change = x - centre
    if norm == "linf":
        change = change.clamp(-epsilon, epsilon)
    else:
        length = change.norm(dim=1, keepdim=True)
        change = change * torch.clamp(epsilon / length, max=1.0)
    return (centre + change).clamp(0, 1)


def fgsm(network, x, labels, epsilon, norm):
    g = gradient(network, x, labels, entropy)
    if norm == "linf":
        step = g.sign()
    elif norm == "max":
        step = g / g.abs().amax(dim=1, keepdim=True)
    else:
        step = unit(g)
    return into_ball(x + epsilon * step, x, epsilon, "l2" if norm == "l2" else "linf")


def pgd(network, x, labels, epsilon, steps, norm):
    """From the image itself; of all iterates the first wrong one, or else that of largest loss."""
    y, best = x.clone(), x.clone()
    value = torch.full((len(x),), -float("inf"))
    done = torch.zeros(len(x), dtype=torch.bool)
    for step in range(steps + 1):
        with torch.no_grad():
            logits = network(y)
            losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
            wrong = logits.argmax(dim=1) != labels
            better = ~done & (wrong | (losses > value))
            best[better] = y[better]
            value[better] = losses[better]
            done = done | wrong
        if step == steps:
            break
        g = gradient(network, y, labels, entropy)
        direction = g.sign() if norm == "linf" else unit(g)
        y = into_ball(y + 2.5 / steps * epsilon * direction, x, epsilon, norm)
    return best


def carlini_wagner(network, x, labels, steps, searches, constant, rate):
    n = len(x)
    centre = x.double()
    low, high = torch.zeros(n).double(), torch.full((n,), float("inf")).double()
    weight = torch.full((n,), constant).double()
    best, least = x.clone(), torch.full((n,), float("inf")).double()
    for _ in range(searches):
        w = torch.atanh((2 * centre - 1) * (1 - 1e-6)).requires_grad_(True)
        optimizer = torch.optim.Adam([w], lr=rate)
        hit = torch.zeros(n, dtype=torch.bool)
        for step in range(steps + 1):
            y = (torch.tanh(w) + 1) / 2
            logits = network(y.float()).double()
            own = logits.gather(1, labels[:, None])[:, 0]
            others = logits.scatter(1, labels[:, None], -float("inf")).amax(dim=1)
            with torch.no_grad():
                wrong = logits.argmax(dim=1) != labels
                image = y.float()
                distance = (image.double() - centre).norm(dim=1)
                nearer = wrong & (distance < least)
                best[nearer], least[nearer] = image[nearer], distance[nearer]
                hit = hit | wrong
            if step == steps:
                break
            square = ((y - centre) ** 2).sum(dim=1)
            loss = (square + weight * torch.relu(own - others)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        high[hit] = weight[hit]
        low[~hit] = weight[~hit]
        weight = torch.where(torch.isinf(high), 10 * weight, (low + high) / 2)
    return best


def run(network, x, labels, attack):
    name = attack["name"]
    settings = {k: v for k, v in attack.items() if k != "name"}
    return {"fgsm": fgsm, "pgd": pgd, "cw": carlini_wagner}[name](network, x, labels, **settings)


def main():
    torch.set_num_threads(1)
    request = json.load(sys.stdin)
    network = Network(request["layers"])
    x = torch.tensor(request["images"])
    labels = torch.tensor(request["labels"])
    results = [run(network, x, labels, a).tolist() for a in request["attacks"]]
    json.dump(results, sys.stdout)


main()
