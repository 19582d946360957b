"""The ruler: an average velocity laid at a point of the exact flow."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch

from ... import check, plots, samplers, truth
from ...data import GaussianMixture
from ...nets import Field
from ..page import show
from .jumps import drawing_of, jumps_of, placed, reach_of

JUMPS = 8  # at most, in the page


def ruler(
    mixture: GaussianMixture, fields: Mapping[str, Field], *, alt: str, position: float = 0.5, jumps: int = 4
) -> None:
    """An average velocity laid at a point of the flow: one jump, several smaller ones, and where the path really goes.

    The reader chooses the time of the point, its position, the time to go to and the number of smaller jumps, by
    sliders or by dragging; and the net, or the exact average velocity. The path is the exact one of the mixture.

    Args:
        mixture: the data, on the line
        fields: name to a trained average velocity, ``net(x_t, t, r)``, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        position: of the point at the start, at time 0; rounded to the twentieths of the slider
        jumps: number of smaller ones at the start, from 1 to 8

    Raises:
        ValueError: a mixture that is not on the line; no fields, one with the name "exact", or one that does
            not take a number and two times; a position off the drawing; another number of jumps
    """
    reach = reach_of(mixture, fields)
    if "exact" in fields:
        raise ValueError('fields must leave the name "exact" to the exact average velocity')
    start = placed("position", position, reach, 20)
    if check.whole("jumps", jumps, least=1) > JUMPS:
        raise ValueError(f"jumps must be at most {JUMPS}, got {jumps}")
    spec = drawing_of(mixture, fields, reach) | {"jumps": jumps, "most": JUMPS, "position": start}
    x, field = torch.tensor([[start]]), next(iter(fields.values()))
    times = torch.linspace(0, 1, 51)
    starts = torch.cat([x, torch.linspace(-2.4, 2.4, 13)[:, None]])
    paths = torch.cat([truth.flow_map(mixture, starts, 0.0, t.item()) for t in times], 1)
    figure = plt.figure(figsize=(5, 3))
    axes = figure.subplots()
    axes.plot(times, paths[1:].T, color=plots.COLORS["inference"], lw=0.8, alpha=0.3)
    axes.plot(times, paths[0], color=plots.COLORS["inference"], lw=2, label="path of the flow")
    for count, style, name in ((1, "-", "one jump"), (jumps, ".--", "n jumps")):
        stops = [state.item() for state in jumps_of(field, x, count)]
        axes.plot(samplers.times(count), stops, style, color=plots.COLORS["output"], label=name)
    axes.plot(1, paths[0, -1], "ko", fillstyle="none", ms=9, clip_on=False)
    axes.set(xlabel="time t", ylabel="position x", ylim=reach)
    axes.legend(loc="lower left", ncols=3)
    show("ruler", spec, figure, alt)
