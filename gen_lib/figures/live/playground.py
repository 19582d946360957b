"""A place where the reader trains: every toy method on every toy target, or on data drawn by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes

from ... import plots
from ...data import TARGETS, GaussianMixture, Shape
from ...slips import known
from .. import export
from ..page import show

JUDGED = 500  # samples that are compared with the data


class Choice(NamedTuple):
    """A method as the page trains it.

    Attributes:
        method: its name in ``METHODS``
        options: what the page's trainer is given
        code: the same method in Python
        rate: the learning rate is multiplied by this, or that of each player
        jumps: steps from noise to data; None where there is no choice
    """

    method: str
    options: dict[str, Any]
    code: str
    rate: float | dict[str, float] = 1.0
    jumps: int | None = None


CHOICES: Mapping[str, Choice] = {
    "decoder": Choice("decoder", {}, "methods.decoder()"),
    "decoder, optimal pairs": Choice("decoder", {"coupling": "optimal"}, "methods.decoder(coupling=couplings.optimal)"),
    "autoencoder": Choice("ae", {}, "methods.autoencoder()"),
    "VAE": Choice("vae", {}, "methods.vae()"),
    "VAE, beta 10": Choice("vae", {"beta": 10.0}, "methods.vae(beta=10.0)"),
    "GAN": Choice("gan", {}, "methods.gan()", 0.3),
    "GAN, hurried generator": Choice(
        "gan", {"critic_turns": 5}, "methods.gan(critic_turns=5)", {"critic": 0.3, "generator": 6.0}
    ),
    "GAN, equal rates": Choice("gan", {"critic_turns": 5}, "methods.gan(critic_turns=5)", 0.3),
    "GAN, relativistic": Choice(
        "gan", {"relativistic": True, "gamma": 0.1}, "methods.gan(relativistic=True, gamma=0.1)", 0.3
    ),
    "WGAN": Choice("wgan", {}, "methods.wgan()", 0.3),
    "flow matching": Choice("fm", {}, "methods.fm()", 1.0, 10),
    "flow matching, optimal pairs": Choice(
        "fm", {"coupling": "optimal"}, "methods.fm(coupling=couplings.optimal)", 1.0, 10
    ),
    "diffusion": Choice("diffusion", {}, "methods.diffusion()", 1.0, 20),
    "MeanFlow": Choice("meanflow", {}, "methods.meanflow()", 1.0, 1),
    "MeanFlow, p 0.75": Choice("meanflow", {"p": 0.75}, "methods.meanflow(p=0.75)", 1.0, 1),
    "FACM": Choice("facm", {}, "methods.facm()", 1.0, 1),
    "FACM, published weights": Choice(
        "facm", {"p": 0.5, "alpha": "one_minus_root", "clamp": 1.0, "angle": True}, "methods.facm_published()", 1.0, 1
    ),
    "FACM, no anchor": Choice("facm", {"anchor": False}, "methods.facm(anchor=False)", 1.0, 1),
    "BackFlow": Choice("backflow", {}, "methods.backflow()", 1.0, 1),
}
"""Names for readers to the methods that the page can train."""

BEGIN: Mapping[str, Any] = {
    "data": "eight_gaussians", "method": "flow matching", "compared with": "nothing", "members": 4, "batch": 64,
    "learning rate": 0.01, "steps": 1000, "seed": 0,
}  # fmt: skip
"""What stands in the controls at first."""

NUMBERS: Mapping[str, Sequence[float]] = {
    "members": (1, 2, 4, 8),
    "batch": (16, 32, 64, 128, 256),
    "learning rate": (0.001, 0.003, 0.01, 0.03),
    "steps": (200, 500, 1000, 2000, 5000),
    "seed": (0, 1, 2, 3, 4),
}
"""What the numbers of a run can be."""

DRAWN = {"draw your own": 2, "draw your own, on the line": 1}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "a flow": {"data": "eight_gaussians", "method": "flow matching", "compared with": "nothing"},
    "break a GAN": {
        "data": "ring", "method": "GAN, hurried generator", "compared with": "nothing", "members": 2,
        "batch": 64, "steps": 500,
    },
    "repair it": {
        "data": "ring", "method": "GAN, hurried generator", "compared with": "GAN, equal rates",
        "members": 2, "batch": 64, "steps": 500,
    },
    "straight or curved paths": {"data": "moons", "method": "flow matching", "compared with": "diffusion"},
    "one step or many": {"data": "moons", "method": "MeanFlow", "compared with": "flow matching"},
    "random or optimal pairs": {
        "data": "mixture_1d", "method": "decoder", "compared with": "decoder, optimal pairs",
    },
    "pairs in the plane": {
        "data": "eight_gaussians", "method": "decoder", "compared with": "decoder, optimal pairs",
    },
    "autoencoder and VAE": {"data": "mixture_1d", "method": "autoencoder", "compared with": "VAE"},
    "an expensive code": {"data": "mixture_1d", "method": "VAE", "compared with": "VAE, beta 10"},
    "other critics": {"data": "ring", "method": "GAN, relativistic", "compared with": "WGAN"},
    "a flow on optimal pairs": {
        "data": "eight_gaussians", "method": "flow matching", "compared with": "flow matching, optimal pairs",
    },
    "your own data": {"data": "draw your own", "method": "flow matching", "compared with": "nothing"},
    "robust weight": {"data": "mixture_1d", "method": "MeanFlow", "compared with": "MeanFlow, p 0.75"},
    "plain or published": {"data": "mixture_1d", "method": "FACM", "compared with": "FACM, published weights"},
    "without the anchor": {"data": "mixture_1d", "method": "FACM", "compared with": "FACM, no anchor"},
    "one map, both ways": {"data": "mixture_1d", "method": "BackFlow", "compared with": "MeanFlow"},
    "both ways in the plane": {"data": "moons", "method": "BackFlow", "compared with": "MeanFlow"},
}  # fmt: skip
"""Buttons that set several controls at once."""


def playground(
    *,
    alt: str,
    presets: Sequence[str] = ("a flow", "break a GAN", "repair it", "one step or many"),
    begin: Mapping[str, Any] | None = None,
) -> None:
    """A figure in which any toy method is trained in the page, alone or next to another one.

    The reader chooses data, method and numbers, or draws the data; trains, pauses, goes step by step; watches samples,
    paths, velocities and the distance to the data; and takes away a link, the weights, a picture, a film, or a notebook
    that repeats the run with this library.

    Args:
        alt: what the figure shows, for those who do not see it
        presets: names of buttons that set several controls at once, out of :data:`PRESETS`;
            the first one has been pressed
        begin: what else stands in the controls at first; the rest is that of :data:`BEGIN`

    Raises:
        ValueError: a control or a value that the figure does not have

    References:
        GAN Lab: Understanding Complex Deep Generative Models using Interactive Visual Experimentation (Kahng et al.,
        2019), arXiv 1809.01587
    """
    targets = {name: _target(name) for name in TARGETS} | {
        name: {"drawn": True, "dim": dim, "box": [-4.0, 4.0]} for name, dim in DRAWN.items()
    }
    values = {"data": targets, "method": CHOICES, "compared with": ("nothing", *CHOICES), **NUMBERS}
    buttons = {name: known("preset", name, PRESETS) for name in presets}
    for name, value in (begin or {}).items():
        if value not in known("control", name, values):
            raise ValueError(f"{name} must be one of {', '.join(map(str, values[name]))}, got {value!r}")
    start = {**BEGIN, **next(iter(buttons.values()), {}), **(begin or {})}
    figure = plt.figure(figsize=(5, 3))
    _still(figure.subplots(), start["data"])
    spec = {
        "targets": targets,
        "methods": {
            name: {**choice._asdict(), "betas": [0.0, 0.9] if "gan" in choice.method else [0.9, 0.999]}
            for name, choice in CHOICES.items()
        },
        "numbers": NUMBERS,
        "judged": JUDGED,
        "begin": start,
        "presets": [[name, {key: str(value) for key, value in wanted.items()}] for name, wanted in buttons.items()],
    }
    show("playground", spec, figure, alt)


def _target(name: str) -> dict[str, Any]:
    """What the page draws a target from: a mixture in numbers, a shape by its name; and the box that shows it."""
    target = TARGETS[name]()
    found: dict[str, Any] = {"name": name, "dim": target.dim}
    points = target.sample(4000, torch.Generator().manual_seed(0)).double()
    middle, half = (points.amax() + points.amin()) / 2, 1.2 * (points.amax() - points.amin()) / 2
    found["box"] = [round((middle - half).item(), 1), round((middle + half).item(), 1)]
    if isinstance(target, GaussianMixture):
        found["mixture"] = export.mixture(target)
        if target.dim == 1:
            share = (torch.arange(JUDGED, dtype=torch.float64) + 0.5) / JUDGED
            found["quantiles"] = [round(value, 5) for value in target.quantile(share)[:, 0].tolist()]
    elif isinstance(target, Shape):
        found["shape"] = name
    return found


def _still(axes: Axes, name: str) -> None:
    """The data, before anything has been trained."""
    target = (TARGETS.get(name) or TARGETS["mixture_2d"])()
    points = target.sample(500, torch.Generator().manual_seed(0))
    if target.dim == 1:
        plots.sideways(axes, points, "data", at=0.0)
        return
    axes.scatter(points[:, 0], points[:, 1], s=6, color=plots.COLORS["data"])
    axes.set(aspect="equal")
