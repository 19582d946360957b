"""Predict first: the reader chooses or draws what will come out, and then sees what was measured."""

from collections.abc import Mapping
from typing import Literal

import matplotlib.pyplot as plt
from torch import Tensor

from ... import check, plots
from .. import export
from ..page import show


def predict_choice(
    question: str,
    measured: Mapping[str, Tensor],
    *,
    best: Literal["least", "most"],
    label: str,
    alt: str,
    digits: int = 2,
) -> None:
    """A question with a few answers. The reader chooses one, then sees what was measured for each.

    The right answer is the one with the least, or the most, on average; of equal ones each is right.

    Args:
        question: such as "Which sampler is nearest to the data?"
        measured: answer to what was measured for it, one number or one per member, shape ``(members,)``
        best: which of the means is the right answer
        label: what was measured, and its unit if it has one
        alt: what the picture shows that stands there in print
        digits: of the numbers, after the point

    Raises:
        ValueError: fewer than two answers, numbers that are not finite, neither "least" nor "most"

    Example:
        >>> import torch
        >>> lengths = {"a": torch.tensor([1.0, 1.2]), "b": torch.tensor([3.0])}
        >>> predict_choice("Which?", lengths, best="least", label="length", alt="Two bars.")  # doctest: +SKIP
    """
    if len(measured) < 2:
        raise ValueError(f"measured must have at least two answers, got {[*measured]}")
    check.whole("digits", digits, least=0)
    if best not in ("least", "most"):
        raise ValueError(f'best must be "least" or "most", got {best!r}')
    values = {name: v.detach().double().flatten() for name, v in measured.items()}
    for name, v in values.items():
        if not (v.numel() and v.isfinite().all()):
            raise ValueError(f"measured must be finite numbers, got {v.tolist()} for {name!r}")
    means = {name: v.mean().item() for name, v in values.items()}
    spreads = {name: v.std().item() if len(v) > 1 else None for name, v in values.items()}
    right = (min if best == "least" else max)(means, key=means.__getitem__)
    figure = plt.figure(figsize=(5, 0.9 + 0.28 * len(means)), layout="constrained")
    ax = figure.subplots()
    bars = ax.barh([*means], [*means.values()], xerr=[s or 0 for s in spreads.values()], color=plots.COLORS["coupling"])
    for bar, mean in zip(bars, means.values(), strict=True):
        if mean == means[right]:
            bar.set_color(plots.COLORS["inference"])
    ax.invert_yaxis()
    ax.set(xlabel=label)
    spec = {
        "question": question,
        "answers": [[name, mean, spreads[name]] for name, mean in means.items()],
        "best": [*means].index(right),
        "label": label[:1].upper() + label[1:],
        "digits": digits,
    }
    show("predict-choice", spec, figure, alt)


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
        x: places, in rising order, shape ``(k,)``
        measured: name to curves, one or one per member, shape ``(k,)`` or ``(members, k)``
        between: lowest and highest value of the drawing
        xlabel: name of the places
        ylabel: name of the values
        alt: what the picture shows that stands there in print
        exact: name to a curve known beforehand, shape ``(k,)``, drawn dashed
        role: of ``plots.COLORS``, of the measured curves
        digits: of the numbers, after the point

    Raises:
        ValueError: places that do not rise, curves of another length or not finite, an empty range, no such role
    """
    x = x.detach().double().flatten()
    if len(x) < 2 or not x.isfinite().all() or not (x.diff() > 0).all():
        raise ValueError(f"x must be at least two finite places in rising order, got {x.tolist()[:5]}")
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
    show("predict-curve", spec, figure, alt)
