"""A game of two players over training: samples, and what the critic says of every point."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from torch import Tensor

from ... import check, metrics, plots
from ...data import GaussianMixture
from ...nets import Adversaries
from ...shapes import Points
from .. import export
from ..page import show

SIDES = ("coupling", "inference")  # the colours of the critic's two answers: a sample, a datum
STRENGTH = 0.65  # of these colours where the critic is sure

Game = tuple[Sequence[int], Tensor, Tensor]  # steps, samples, fields


def critic_field(net: Adversaries, samples: Points, mixture: GaussianMixture, side: int = 20) -> Tensor:
    r"""The critic's output on a grid of points, above the middle between data and samples.

    .. math:: D(x) - \tfrac12 \Big( \frac1K \sum_k D(m_k) + \frac1n \sum_i D(x_i) \Big)

    A critic that only compares is known up to a constant. With the middle taken off, the sign says whether it finds a
    point more like the data or more like the samples.

    Args:
        net: its critic is evaluated
        samples: :math:`x_i` of the generator, shape ``(*members, n, 2)``
        mixture: the data in the plane, with means :math:`m_k`, two or more at different points
        side: number of rows and of columns

    Returns:
        row by row, the highest first, shape ``(*members, side, side)``

    Raises:
        ValueError: a mixture with fewer modes or of another dimension, fewer than two rows
    """
    x, y, half = _box(mixture)
    across = half * ((2 * torch.arange(check.whole("side", side, least=2)) + 1) / side - 1)
    places = torch.stack([x + across.expand(side, -1), y - across[:, None].expand(-1, side)], -1).flatten(0, 1)
    with torch.no_grad():
        middle = (net.score(mixture.means.to(samples)).mean(-1) + net.score(samples).mean(-1)) / 2
        return (net.score(places.to(samples)) - middle[..., None]).unflatten(-1, (side, side))


def arena(
    mixture: GaussianMixture,
    games: Mapping[str, Game],
    *,
    alt: str,
    members: int = 2,
    snapshots: int = 25,
    samples: int = 80,
) -> None:
    """Games against a critic, looked at along training: samples over the modes, and the critic's field behind them.

    The reader chooses the game and the member, and goes through the snapshots by hand or plays them.

    Args:
        mixture: the data, from 2 to 30 modes in the plane, not all at one point
        games: name to what was seen along a training: the steps; after each of them samples of the same noise, shape
            ``(snapshots, members, n, 2)``, and the field of :func:`critic_field`, with an even side, shape
            ``(snapshots, members, side, side)``
        alt: what the figure shows, for those who do not see it
        members: number of members that can be chosen, the first ones
        snapshots: number that is kept at most, evenly from the first to the last
        samples: number that is drawn, the first ones; what is said of them is of all n

    Raises:
        ValueError: another mixture, no game, games of another shape or of different ones
    """
    if len(mixture.weights) > 30:
        raise ValueError(f"mixture must have up to 30 modes, got {len(mixture.weights)}")
    box = _box(mixture)
    for name, value in (("members", members), ("snapshots", snapshots), ("samples", samples)):
        check.whole(name, value, least=1)
    _check(games, members)
    count = min(snapshots, *(len(steps) for steps, _, _ in games.values()))
    kept = {name: _kept(game, count, members) for name, game in games.items()}

    figure = plt.figure(figsize=(5, 2.2))
    panels = figure.subplots(1, len(games), squeeze=False)[0]
    for axes, (name, (steps, pages, fields)) in zip(panels, kept.items(), strict=True):
        _panel(axes, mixture, pages[-1, 0], fields[-1, 0], samples)
        axes.set_title(f"{name}\nstep {steps[-1]}")
    spec = {
        "box": box,
        "count": pages.shape[2],
        "games": [{"name": name, **_spec(game, mixture, samples)} for name, game in kept.items()],
        "modes": mixture.means.tolist(),
        "side": fields.shape[3],
        "sides": SIDES,
        "strength": STRENGTH,
    }
    show("arena", spec, figure, alt)


def _check(games: Mapping[str, Game], members: int) -> None:
    """Refuse what cannot be shown, or not by one figure."""
    sizes = set()
    for name, (_, pages, fields) in games.items():
        if not (pages.isfinite().all() and fields.isfinite().all()):
            raise ValueError(f"game {name!r} must have finite samples and fields")
    for name, (steps, pages, fields) in games.items():
        good = pages.ndim == fields.ndim == 4 and pages.shape[3] == 2 and fields.shape[2] == fields.shape[3]
        good = (
            good
            and pages.shape[2] > 0
            and fields.shape[3] > 0
            and len(steps) == len(pages) == len(fields) > 0
            and pages.shape[1] == fields.shape[1] >= members
        )
        if not good or fields.shape[3] % 2:
            raise ValueError(
                f"game {name!r} must have samples (snapshots, members, n, 2) and fields (snapshots, members, side, "
                f"side), the side even, snapshots {len(steps)} as its steps, members at least {members}; "
                f"got {tuple(pages.shape)} and {tuple(fields.shape)}"
            )
        sizes.add((pages.shape[2], fields.shape[3]))
    if len(sizes) != 1:
        raise ValueError(f"games must be at least one, of the same number n and side, got {sorted(sizes)}")


def _kept(game: Game, snapshots: int, members: int) -> Game:
    """Evenly spaced snapshots of a game, and its first members."""
    steps, pages, fields = game
    some = torch.linspace(0, len(steps) - 1, snapshots).round().long()
    return [int(steps[k]) for k in some], pages[some, :members], fields[some, :members]


def _box(mixture: GaussianMixture) -> tuple[float, float, float]:
    """Centre and half of the side of the square in which everything is drawn."""
    low, high = mixture.means.amin(0), mixture.means.amax(0)
    if mixture.dim != 2 or torch.equal(low, high):
        raise ValueError(f"mixture must have modes in the plane, two or more at different points, got {mixture!r}")
    x, y = ((low + high) / 2).tolist()
    return x, y, 0.8 * (high - low).max().item()


def _spec(game: Game, mixture: GaussianMixture, samples: int) -> dict[str, Any]:
    """What the script needs of a game: numbers of all samples, positions of a few, and the field in 16 levels."""
    steps, pages, fields = game
    x, y, half = _box(mixture)
    found = metrics.modes_covered(pages, mixture)
    level = (8 + 8 * _sure(fields)).long().clamp(max=15).flatten(-2)
    middle = torch.tensor([x, y])
    return {
        "field": export.signed_bytes(level[..., ::2] + 16 * level[..., 1::2] - 128),  # two points in a byte
        "good": [[round(fraction, 3) for fraction in row] for row in found.high_quality.tolist()],
        "met": (found.met * 2 ** torch.arange(len(mixture.weights))).sum(-1).tolist(),
        "samples": export.shorts((pages[:, :, :samples] - middle).clamp(-2 * half, 2 * half)),
        "steps": list(steps),
    }


def _sure(field: Tensor) -> Tensor:
    """From -1, surely a sample, to 1, surely a datum; by a root, so that a faint opinion is seen."""
    sure = 2 * field.sigmoid() - 1
    return sure.sign() * sure.abs().sqrt()


def _panel(axes: Axes, mixture: GaussianMixture, page: Tensor, field: Tensor, samples: int) -> None:
    x, y, half = _box(mixture)
    box = (x - half, x + half, y - half, y + half)
    sure = _sure(field)
    sides = torch.tensor([to_rgb(plots.COLORS[role]) for role in SIDES])
    colors = 1 - (1 - sides[(sure > 0).long()]) * STRENGTH * sure.abs()[..., None]
    axes.imshow(colors.numpy(), extent=box, interpolation="nearest")
    plots.modes(axes, page, mixture, count=samples)
    axes.set(xlim=box[:2], ylim=box[2:])
