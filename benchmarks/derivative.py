"""What the derivative along the path costs: python benchmarks/derivative.py [--members 8] [--batch 128] [--steps 200]

One training step of MeanFlow and FACM, with the derivative of ``Field.along`` and with ``torch.func.jvp``, beside a
step of flow matching. Only ratios within a run mean anything; times are of the fastest of ten rounds, in turns, on one
thread.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import torch

from gen_lib import METHODS
from gen_lib.nets import Net

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--members", type=int, default=8)
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--steps", type=int, default=200, help="steps in all rounds together (default: %(default)s)")
arguments = parser.parse_args()
torch.set_num_threads(1)


def step(name: str, net: Net, hidden: bool) -> None:
    """Loss and gradient. A function around the net hides from the library what it is, so torch.func.jvp it must be."""
    z, x = torch.randn(2, arguments.members, arguments.batch, 1)
    ((_, loss),) = METHODS[name].turns
    torch.autograd.grad(loss((lambda *at: net(*at)) if hidden else net, z, x).mean(), list(net.parameters()))


def main() -> None:
    steps: dict[tuple[str, str], Callable[[], None]] = {}
    for name in ("fm", "meanflow", "facm", "backflow"):
        net = METHODS[name].build(dim=1, members=(arguments.members,), seed=0)
        for kind in ("Field.along", "torch.func.jvp") if name != "fm" else ("none",):
            steps[name, kind] = partial(step, name, net, kind == "torch.func.jvp")
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(11):  # the first warms up
        for key, run in steps.items():
            start = time.perf_counter()
            for _ in range(arguments.steps // 10):
                run()
            best[key] = min(best[key], (time.perf_counter() - start) / (arguments.steps // 10))
    print(f"{arguments.members} members, batch {arguments.batch}: ms per step, and as multiple of flow matching")
    for (name, kind), seconds in best.items():
        print(f"{name:10} {kind:15} {1e3 * seconds:6.2f} {seconds / best['fm', 'none']:6.2f}")


if __name__ == "__main__":
    main()
