"""Workloads in PyTorch, measured on demand.

A script that calls `serve` is started with `--threads N [--device cuda]`; it prints one JSON line that says it is
ready, then answers each JSON line {"workload": name, "steps": n} on standard input with
{"seconds": s}, the wall time of n steps, or with {"error": reason}, and ends with its input.
"""

import argparse
import json
import sys
import time

import torch


def serve(make):
    """Answers until the input ends; `make(name)` gives an object with a method `step`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_default_device(options.device)
    torch.manual_seed(1)
    made = {}
    ready = f"PyTorch {torch.__version__} on {name_of(options.device)}"
    say({"ready": ready, "threads": torch.get_num_threads()})
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
        if options.device != "cpu":
            torch.cuda.synchronize()
        say({"seconds": time.perf_counter() - start})


def name_of(device):
    return "the CPU" if device == "cpu" else torch.cuda.get_device_name()


def say(record):
    print(json.dumps(record), flush=True)
