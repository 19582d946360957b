"""Predict first: the reader chooses what will come out, and then sees what was measured."""

from collections.abc import Mapping
from typing import Literal

import matplotlib.pyplot as plt
from torch import Tensor

from ... import check, plots
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
        alt: what the picture of the answer shows, which stands there in print, and in no page before it is asked for
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
    blank = plt.figure(figsize=figure.get_size_inches(), layout="constrained")
    asked = blank.subplots()
    asked.set_yticks(range(len(means)), [*means])
    asked.set(xlabel=label, xticks=[], ylim=ax.get_ylim())
    spec = {
        "question": question,
        "answers": [[name, mean, spreads[name]] for name, mean in means.items()],
        "best": [*means].index(right),
        "label": label[:1].upper() + label[1:],
        "digits": digits,
    }
    answers = ", ".join(means)
    show("predict-choice", spec, figure, alt, (blank, f"{question} The answers to choose from: {answers}."))
