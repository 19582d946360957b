"""A datum, its code and the datum that comes back, by a net that jumps both ways."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch

from ... import plots, samplers, truth
from ...data import GaussianMixture
from ...nets import Field
from ...shapes import Points, States
from ..page import show
from .jumps import drawing_of, jumps_of, placed, reach_of

STEPS = (1, 2, 4, 8)  # of a round trip, each way
TOPS = (0.2, 1.0, 2.0, 4.0, 10.0, 20.0)  # where the axis of the errors may end


def round_trip(
    mixture: GaussianMixture, fields: Mapping[str, Field], *, alt: str, datum: float = 0.5, steps: int = 1
) -> None:
    """A datum, its code and what comes back, by a net that jumps both ways; and the errors for all data.

    The reader chooses the datum, by a slider or by dragging, the net, and in how many jumps it goes each way. The exact
    code is that of the flow of the mixture.

    Args:
        mixture: the data, on the line
        fields: name to a trained average velocity, ``net(x_t, t, r)``, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        datum: where it is at the start; rounded to the tenths of the slider
        steps: number of jumps each way at the start: 1, 2, 4 or 8

    Raises:
        ValueError: a mixture that is not on the line; no fields, or one that does not take a number and two times;
            a datum off the drawing; another number of steps
    """
    reach = reach_of(mixture, fields)
    start = placed("datum", datum, reach, 10)
    if steps not in STEPS:
        raise ValueError(f"steps must be one of {', '.join(map(str, STEPS))}, got {steps!r}")
    places = torch.linspace(reach[0], reach[1], 10 * (reach[1] - reach[0]) + 1)[:, None]
    top = _top(mixture, next(iter(fields.values())), steps)
    spec = drawing_of(mixture, fields, reach) | {"counts": STEPS, "datum": start, "steps": steps, "top": top}
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
    ways.set(xlabel="time t", ylabel="position", ylim=reach)
    ways.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, handlelength=1, columnspacing=0.8)
    strip.plot(places, (there[-1] - exact).abs(), color=plots.COLORS["encode"], label="code")
    strip.plot(places, (back[-1] - places).abs(), color=plots.COLORS["output"], label="round trip")
    strip.axvline(start, color="black", lw=0.8)
    strip.set(xlabel="datum x", ylabel="error", ylim=(0, top))
    strip.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handlelength=1, columnspacing=0.8)
    show("round-trip", spec, figure, alt)


def _there_and_back(field: Field, x: Points, steps: int) -> tuple[States, States]:
    there = jumps_of(field, x, steps, 1.0, 0.0)
    return there, jumps_of(field, there[-1], steps)


def _top(mixture: GaussianMixture, field: Field, steps: int) -> float:
    """Where the axis of the errors ends: it holds those of this net for nearly all data."""
    x = mixture.quantile((torch.arange(200) + 0.5) / 200)
    largest = (_there_and_back(field, x, steps)[1][-1] - x).abs().max().item()
    return next((top for top in TOPS if top >= largest), TOPS[-1])
