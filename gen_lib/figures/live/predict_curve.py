"""Predict first: the reader draws what will come out, and then sees what was measured."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from torch import Tensor

from ... import check, plots
from .. import export
from ..page import show


def predict_curve(
    question: str,
    x: Tensor,
    measured: Mapping[str, Tensor],
    *,
    between: tuple[float, float],
    xlabel: str,
    ylabel: str,
    alt: str,
    exact: Mapping[str, Tensor] | None = None,
    role: str = "output",
    digits: int = 1,
) -> None:
    """An empty drawing. The reader draws a curve into it, then sees the measured ones and how far off it was.

    Args:
        question: such as "What will the decoder make of each z?"
        x: positions, in rising order, shape ``(k,)``
        measured: name to curves, one or one per member, shape ``(k,)`` or ``(members, k)``
        between: lowest and highest value of the drawing
        xlabel: name of the positions
        ylabel: name of the values
        alt: what the picture of the answer shows, which stands there in print, and in no page before it is asked for
        exact: name to a curve known beforehand, shape ``(k,)``, drawn dashed
        role: of ``plots.COLORS``, of the measured curves
        digits: of the numbers, after the point

    Raises:
        ValueError: positions that do not rise, curves of another length or not finite, an empty range, an unknown role
    """
    x = x.detach().double().flatten()
    if len(x) < 2 or not x.isfinite().all() or not (x.diff() > 0).all():
        raise ValueError(f"x must be at least two finite positions in rising order, got {x.tolist()[:5]}")
    for end in between:
        check.number("between", end)
    if len(between) != 2 or not between[0] < between[1]:
        raise ValueError(f"between must be the lowest and the highest value, got {between}")
    low, high = map(float, between)
    check.whole("digits", digits, least=0)
    if not measured:
        raise ValueError("measured must be at least one curve, got none")
    if role not in plots.COLORS:
        raise ValueError(f"role must be one of {[*plots.COLORS]}, got {role!r}")
    for kind, group in (("measured", measured), ("exact", exact or {})):
        for name, curve in group.items():
            check.number(f"{kind}[{name!r}]", curve)
            if curve.ndim not in (1, 2) or curve.shape[-1] != len(x):
                shape = tuple(curve.shape)
                raise ValueError(f"{kind}[{name!r}] must have shape ({len(x)},) or (members, {len(x)}), got {shape}")
    figure = plt.figure(figsize=(5, 3), layout="constrained")
    ax = figure.subplots()
    curves = []
    for dashed, group in ((False, measured), (True, exact or {})):
        for name, given in group.items():
            values = given.detach().double().reshape(-1, len(x))
            several = len(values) > 1
            mean, spread = values.mean(0), values.std(0) if several else None
            if several and not dashed:
                plots.band(ax, x, values, role, name)
            else:
                ax.plot(x, mean, "--" if dashed else "-", color="black" if dashed else plots.COLORS[role], label=name)
            about = [export.floats(mean), export.floats(spread) if spread is not None else None]
            curves.append([name, None if dashed else role, dashed, *about])
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=between)
    ax.legend()
    blank = plt.figure(figsize=(5, 3), layout="constrained")
    blank.subplots().set(xlabel=xlabel, ylabel=ylabel, xlim=(x[0].item(), x[-1].item()), ylim=between)
    spec = {
        "question": question,
        "x": export.floats(x),
        "curves": curves,
        "low": low,
        "high": high,
        "xLabel": xlabel,
        "yLabel": ylabel,
        "digits": digits,
    }
    asked = f"{question} Empty axes: {ylabel} from {low:g} to {high:g}, over {xlabel}."
    show("predict-curve", spec, figure, alt, (blank, asked))
