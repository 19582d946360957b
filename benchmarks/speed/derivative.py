"""What the derivative along the path costs."""

from functools import partial

import torch

from gen_lib import METHODS
from gen_lib.nets import Net

from .clock import race, repeated


def derivative(quick: bool) -> list[dict[str, object]]:
    """Loss and gradient of one step (8 members, batch 128, one dimension) of the methods that need the derivative of
    the net along the path: by the library's own chain rule (Field.along) and by torch.func.jvp; flow matching, which
    needs no derivative, is the unit of the last column."""
    members, batch, rounds, times = (2, 8, 2, 2) if quick else (8, 128, 10, 20)

    def step(name: str, net: Net, hidden: bool) -> None:
        """A function around the net hides from the library what it is, so torch.func.jvp it must be."""
        z, x = torch.randn(2, members, batch, 1)
        loss = METHODS[name].loss
        torch.autograd.grad(loss((lambda *at: net(*at)) if hidden else net, z, x).mean(), list(net.parameters()))

    runs = {}
    for name in ("fm", "meanflow", "facm", "backflow"):
        net = METHODS[name].build(dim=1, members=(members,), seed=0)
        for kind in ("Field.along", "torch.func.jvp") if name != "fm" else ("none",):
            runs[name, kind] = repeated(partial(step, name, net, kind == "torch.func.jvp"), times)
    timed = race(runs, rounds)
    measure = timed["fm", "none"].ms
    return [
        {"method": name, "derivative": kind, "ms per step": found.ms, "of flow matching": found.ms / measure}
        for (name, kind), found in timed.items()
    ]
