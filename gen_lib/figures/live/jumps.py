"""Jumps by a learned average velocity on the line, beside the exact flow."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch

from ... import check, plots, samplers, truth
from ...data import GaussianMixture
from ...nets import Field
from ...shapes import Points, States
from .. import export
from ..page import show

JUMPS = 8  # at most, in the page
STEPS = (1, 2, 4, 8)  # of a round trip, each way
TOPS = (0.2, 1.0, 2.0, 4.0, 10.0, 20.0)  # where the axis of the errors may end


def ruler(
    mixture: GaussianMixture, fields: Mapping[str, Field], *, alt: str, place: float = 0.5, jumps: int = 4
) -> None:
    """An average velocity laid at a point of the flow: one jump, several smaller ones, and where the path really goes.

    The reader chooses the time of the point, its place, the time to go to and the number of smaller jumps, by sliders
    or by dragging; and the net, or the exact average velocity. The path is the exact one of the mixture.

    Args:
        mixture: the data, on the line
        fields: name to a trained average velocity, ``net(x_t, t, r)``, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        place: where the point is at the start, at time 0; rounded to the twentieths of the slider
        jumps: so many smaller ones at the start, from 1 to 8

    Raises:
        ValueError: a mixture that is not on the line; no fields, one with the name "exact", or one that is not asked
            with a number and two times; a place off the drawing; another number of jumps
    """
    reach = _reach(mixture, fields)
    if "exact" in fields:
        raise ValueError('fields must leave the name "exact" to the exact average velocity')
    start = _placed("place", place, reach, 20)
    if check.whole("jumps", jumps, least=1) > JUMPS:
        raise ValueError(f"jumps must be at most {JUMPS}, got {jumps}")
    spec = _spec(mixture, fields, reach) | {"jumps": jumps, "place": start}
    x, field = torch.tensor([[start]]), next(iter(fields.values()))
    times = torch.linspace(0, 1, 51)
    starts = torch.cat([x, torch.linspace(-2.4, 2.4, 13)[:, None]])
    paths = torch.cat([truth.flow_map(mixture, starts, 0.0, t.item()) for t in times], 1)
    figure = plt.figure(figsize=(5, 3))
    axes = figure.subplots()
    axes.plot(times, paths[1:].T, color=plots.COLORS["inference"], lw=0.8, alpha=0.3)
    axes.plot(times, paths[0], color=plots.COLORS["inference"], lw=2, label="path of the flow")
    for count, look, name in ((1, "-", "one jump"), (jumps, ".--", "n jumps")):
        ways = [state.item() for state in _jump(field, x, count)]
        axes.plot(samplers.times(count), ways, look, color=plots.COLORS["output"], label=name)
    axes.plot(1, paths[0, -1], "ko", fillstyle="none", ms=9, clip_on=False)
    axes.set(xlabel="time t", ylabel="place x", ylim=reach)
    axes.legend(loc="lower left", ncols=3)
    show("ruler", spec, figure, alt)


def round_trip(
    mixture: GaussianMixture, fields: Mapping[str, Field], *, alt: str, datum: float = 0.5, steps: int = 1
) -> None:
    """A datum on its way to its code and back, by a net that jumps both ways; and the errors for all data.

    The reader chooses the datum, by a slider or by dragging, the net, and in how many jumps it goes each way. The exact
    code is that of the flow of the mixture.

    Args:
        mixture: the data, on the line
        fields: name to a trained average velocity, ``net(x_t, t, r)``, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        datum: where it is at the start; rounded to the tenths of the slider
        steps: so many each way at the start: 1, 2, 4 or 8

    Raises:
        ValueError: a mixture that is not on the line; no fields, or one that is not asked with a number and two times;
            a datum off the drawing; another number of steps
    """
    reach = _reach(mixture, fields)
    start = _placed("datum", datum, reach, 10)
    if steps not in STEPS:
        raise ValueError(f"steps must be one of {', '.join(map(str, STEPS))}, got {steps!r}")
    places = torch.linspace(reach[0], reach[1], 10 * (reach[1] - reach[0]) + 1)[:, None]
    top = _top(mixture, next(iter(fields.values())), steps)
    spec = _spec(mixture, fields, reach) | {"datum": start, "steps": steps, "top": top}
    there, back = _there_and_back(next(iter(fields.values())), places, steps)
    at, clock = round(10 * (start - reach[0])), samplers.times(steps)
    exact = truth.flow_map(mixture, places, 1.0, 0.0)
    figure = plt.figure(figsize=(5, 3))
    ways, strip = figure.subplots(1, 2, width_ratios=(3, 2))
    others = torch.cat(there, 1)[2::3].T
    ways.plot(clock[::-1], others, color=plots.COLORS["encode"], lw=0.5, alpha=0.3)
    ways.plot(clock[::-1], [state[at, 0] for state in there], color=plots.COLORS["encode"], lw=3, label="encode")
    ways.plot(clock, [state[at, 0] for state in back], color=plots.COLORS["decode"], label="decode")
    ways.plot([1, 0], [start, exact[at, 0]], "k--", lw=1, label="exact")
    ways.set(xlabel="time t", ylabel="place", ylim=reach)
    ways.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, handlelength=1, columnspacing=0.8)
    strip.plot(places, (there[-1] - exact).abs(), color=plots.COLORS["encode"], label="code")
    strip.plot(places, (back[-1] - places).abs(), color=plots.COLORS["output"], label="round trip")
    strip.axvline(start, color="black", lw=0.8)
    strip.set(xlabel="datum x", ylabel="error", ylim=(0, top))
    strip.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handlelength=1, columnspacing=0.8)
    show("round-trip", spec, figure, alt)


def _reach(mixture: GaussianMixture, fields: Mapping[str, Field]) -> tuple[int, int]:
    """Whole numbers between which nearly all noise and data lie; refuses what cannot be shown."""
    if mixture.dim != 1:
        raise ValueError(f"mixture must be on the line, got dimension {mixture.dim}")
    if not fields:
        raise ValueError("fields must hold at least one net, got none")
    export.asked(fields, times=2)
    low, high = mixture.quantile(torch.tensor([0.001, 0.999], dtype=torch.float64))[:, 0].tolist()
    return min(-3, int(low // 1)), max(3, int(-(-high // 1)))


def _jump(field: Field, x: Points, steps: int, start: float = 0.0, end: float = 1.0) -> States:
    """The jumps of the first member."""
    with torch.no_grad():
        states = samplers.jump(field, x.expand(*field.members, -1, -1), steps, start, end)
    return [state.reshape(-1, *x.shape)[0] for state in states]


def _there_and_back(field: Field, x: Points, steps: int) -> tuple[States, States]:
    there = _jump(field, x, steps, 1.0, 0.0)
    return there, _jump(field, there[-1], steps)


def _top(mixture: GaussianMixture, field: Field, steps: int) -> float:
    """Where the axis of the errors ends: it holds those of this net for nearly all data."""
    x = mixture.quantile((torch.arange(200) + 0.5) / 200)
    largest = (_there_and_back(field, x, steps)[1][-1] - x).abs().max().item()
    return next((top for top in TOPS if top >= largest), TOPS[-1])


def _placed(name: str, value: float, reach: tuple[int, int], per: int) -> float:
    """Where a slider with so many places per unit puts a point."""
    check.number(name, value)
    if not reach[0] <= value <= reach[1]:
        raise ValueError(f"{name} must lie from {reach[0]} to {reach[1]}, got {value}")
    return round(value * per) / per


def _spec(mixture: GaussianMixture, fields: Mapping[str, Field], reach: tuple[int, int]) -> dict[str, object]:
    nets = [[name, export.net(field.map, 1)] for name, field in fields.items()]  # in this order, also in JavaScript
    return {"fields": nets, "mixture": export.mixture(mixture), "reach": reach}
