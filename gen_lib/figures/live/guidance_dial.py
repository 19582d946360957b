"""The guidance dial: the exact guided flow of two classes, and the tilted density that it is taken for."""

import matplotlib.pyplot as plt
import torch

from ... import check, plots, samplers, truth
from ...data import GaussianMixture, Labelled
from ..export import floats
from ..page import show

POINTS, STEPS = 200, 60  # of the guided flow in the page
REACH = (-2.5, 5.0)  # of x


def guidance_dial(*, alt: str, strength: float = 4.0, distance: float = 0.7, width: float = 0.6) -> None:
    r"""A class under guidance, next to another one: where its exact guided flow ends, and the tilted density.

    The classes are :math:`\mathcal N(\mp m, s^2)` in equal parts; the right one is asked for. The reader moves the
    guidance strength, m and s. The flow is followed in the page, by Heun's method from the quantiles of the noise.

    Args:
        alt: what the figure shows, for those who do not see it
        strength: g at the start, from 0 to 8; rounded to the quarters of the slider
        distance: m at the start, from 0.1 to 1.5; rounded to tenths
        width: s at the start, from 0.2 to 1; rounded to tenths

    Raises:
        ValueError: a value outside of its range
    """
    for name, value, least, most in (
        ("strength", strength, 0.0, 8.0), ("distance", distance, 0.1, 1.5), ("width", width, 0.2, 1.0)
    ):  # fmt: skip
        check.number(name, value)
        if not least <= value <= most:
            raise ValueError(f"{name} must lie from {least:g} to {most:g}, got {value:g}")
    means, variances = torch.tensor([[-distance], [distance]]), torch.full((2, 1, 1), width**2)
    mixture = GaussianMixture(torch.tensor([0.5, 0.5]), means, variances)
    right = Labelled(mixture).given(1)
    z = torch.special.ndtri((torch.arange(POINTS, dtype=torch.float64) + 0.5) / POINTS)
    states = samplers.heun(
        lambda x, t: truth.guided_velocity(right, mixture, x, t, strength), z[:, None], STEPS
    )  # fmt: skip
    at = torch.linspace(*REACH, 300, dtype=torch.float64)[:, None]
    figure = plt.figure(figsize=(5, 2.8), layout="constrained")
    paths, axes = figure.subplots(1, 2)
    some = torch.cat(states, 1)[POINTS // 20 :: POINTS // 10]
    paths.plot(samplers.times(STEPS), some.T, color=plots.COLORS["inference"], lw=1)
    paths.set(xlabel="time t", ylabel="x", ylim=REACH)
    axes.fill_between(at[:, 0], right.log_prob(at).exp(), color=plots.COLORS["data"], alpha=0.4)
    axes.plot(at, truth.Tilted(right, mixture, strength).log_prob(at).exp(), "k--", lw=1.5)
    k, ends = torch.arange(POINTS), states[-1][:, 0]
    low, high = (k - POINTS // 50).clamp_min(0), (k + POINTS // 50).clamp_max(POINTS - 1)
    height = (high - low) / POINTS / (ends[high] - ends[low])  # the mass between two quantiles, over their distance
    axes.plot((ends[high] + ends[low]) / 2, height, color=plots.COLORS["output"], lw=2)
    axes.set(xlabel="x", ylabel="density", xlim=REACH, ylim=(0, 1.6))
    start = {"strength": round(4 * strength), "distance": round(10 * distance), "width": round(10 * width)}
    show("guidance-dial", start | {"steps": STEPS, "z": floats(z), "reach": REACH}, figure, alt)
