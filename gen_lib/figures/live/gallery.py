"""Pictures that change with a slider."""

import base64
import io
from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ... import plots
from ...nets import Sizes
from ...plots.pixels import lighter
from ..page import show


def gallery(
    slider: str,
    steps: Mapping[str, Mapping[str, Tensor]],
    *,
    shape: Sizes,
    said: Mapping[str, str],
    alt: str,
    start: str | None = None,
) -> None:
    """Rows of pictures, such as copies and samples, at each step of a slider, such as the size of the code.

    Args:
        slider: what the steps are
        steps: name of a step to its rows, name of a row to its pictures, shape ``(n, d)``; of members the first is
            shown. Each step has the same rows.
        shape: of a picture, ``(3, height, width)`` or ``(1, height, width)``
        said: name of a step to a sentence about it
        alt: what the figure shows, for those who do not see it
        start: step that is shown first, the first if not given

    Raises:
        ValueError: no steps, steps with other rows than the first, other numbers of pictures, no sentence for a step, a
            start that is not one of them
    """
    if not steps:
        raise ValueError("steps must be at least one, got none")
    names = {step: [*rows] for step, rows in steps.items()}
    first = next(iter(steps)) if start is None else start
    if first not in steps:
        raise ValueError(f"start must be one of {[*steps]}, got {start!r}")
    if len({*map(tuple, names.values())}) > 1:
        raise ValueError(f"steps must all have the same rows, got {names}")
    if set(said) != set(steps):
        raise ValueError(f"said must have a sentence for each of {[*steps]}, got {[*said]}")
    pictures = {
        step: {row: (x[0] if x.ndim == 3 else x).detach().cpu() for row, x in rows.items()}
        for step, rows in steps.items()
    }
    counts = {len(x) for rows in pictures.values() for x in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"steps must have as many pictures in each row, got {sorted(counts)}")
    strips: dict[str, int] = {}  # a row that does not change is kept once
    rows = [
        [row, [strips.setdefault(_strip(pictures[step][row], shape), len(strips)) for step in steps]]
        for row in names[first]
    ]
    (count,) = counts
    figure = plt.figure(figsize=(5, 0.3 + 4.2 * len(rows) / count * shape[1] / shape[2]), layout="constrained")
    plots.images(figure.subplots(), torch.cat([*pictures[first].values()]), count, names[first], shape)
    spec = {
        "slider": slider,
        "steps": [*steps],
        "rows": rows,
        "strips": [*strips],
        "said": [said[step] for step in steps],
        "ratio": [count * (shape[2] + 1) - 1, shape[1]],
        "at": [*steps].index(first),
        "label": alt,
    }
    show("gallery", spec, figure, alt)


def _strip(x: Tensor, shape: Sizes) -> str:
    """Pictures side by side, a white line between them, pixel by pixel."""
    sheet = plots.images(Figure().subplots(), x, len(x), shape=shape).get_array()
    assert sheet is not None  # imshow was given one
    pixels = (torch.as_tensor(sheet.data)[1:, 1:].clamp(0, 1) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return base64.b64encode(lighter(file.getvalue())).decode()
