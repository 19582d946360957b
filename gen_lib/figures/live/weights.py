"""The weights of FACM, one by one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from ... import check, metrics, plots
from ...data import GaussianMixture
from .. import export
from ..page import show

SHOWN = 120  # points of a map


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Weights of FACM's consistency loss, and what the net learned from.

    Attributes:
        target: name of the source of the velocities
        alpha: the target moves by 1 - sqrt(t), not by 1
        beta: the loss counts with cos(pi t / 2), not with 1
        clamp: the error is bounded by 1
        norm: the squared error is divided by its root, p = 1/2 and not 0
    """

    target: str
    alpha: bool = False
    beta: bool = True
    clamp: bool = False
    norm: bool = False


def weights(mixture: GaussianMixture, ends: Mapping[Setting, Tensor], *, alt: str) -> None:
    """Switches for the weights of FACM: the pull of an error of any size, and the one-step map they lead to.

    The reader sets each weight, the target, a time and an error. The pull is computed in the page. The maps are those
    of the nets that were trained; of settings without a net only the exact map is drawn, and a sentence says so.

    Args:
        mixture: the data, on the line between -5 and 5
        ends: settings to where one step of the nets so trained ends, shape ``(members, n, 1)`` with two members or
            more, from the noise at its quantiles ``(k + 1/2) / n``; what comes first is shown first
        alt: what the figure shows, for those who do not see it

    Raises:
        ValueError: a mixture that is not there, no ends, ends of another shape, of different n or not finite
    """
    export.check_mixture(mixture, 5.0)
    if not ends:
        raise ValueError("ends must hold the map of at least one setting, got none")
    counts = {end.shape[1] for end in ends.values() if end.ndim == 3 and end.shape[0] > 1 and end.shape[2] == 1}
    if len(counts) != 1 or any(end.ndim != 3 or end.shape[0] < 2 or end.shape[2] != 1 for end in ends.values()):
        shapes = sorted({tuple(end.shape) for end in ends.values()})
        raise ValueError(f"ends must have shape (members, n, 1), members at least 2 and one n for all, got {shapes}")
    for setting, end in ends.items():
        check.number(f"ends[{setting}]", end)
    (n,) = counts
    share = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    few = torch.linspace(0, n - 1, min(n, SHOWN)).round().long()
    z, exact = torch.special.ndtri(share)[few], mixture.quantile(share)
    maps = [_map(mixture, setting, end, few) for setting, end in ends.items()]
    spec = {
        "exact": export.shorts(exact[few, 0]),
        "maps": maps,
        "mass": 1 - mixture.cdf(torch.zeros(1, 1, dtype=torch.float64)).item(),
        "start": asdict(next(iter(ends))),
        "targets": list(dict.fromkeys(setting.target for setting in ends)),
        "z": export.floats(z),
    }
    figure = plt.figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(z, next(iter(ends.values())).detach()[:, few, 0].T, color=plots.COLORS["output"], lw=0.8)
    axes.plot(z, exact[few], "k--", lw=1)
    axes.set(xlabel="noise z", ylabel="end of one step", xlim=(-2.5, 2.5), ylim=(-5, 5))
    show("weights", spec, figure, alt)


def _map(mixture: GaussianMixture, setting: Setting, ends: Tensor, few: Tensor) -> dict[str, Any]:
    ends = ends.detach()
    mass = (ends > 0).double().mean((-2, -1))
    return asdict(setting) | {
        "ends": export.shorts(ends[:, few, 0]),
        "mass": [mass.mean().item(), mass.std().item()],
        "members": len(ends),
        "w1": [(w := metrics.w1(ends, mixture)).mean().item(), w.std().item()],
    }
