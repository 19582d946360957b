"""A drawing with controls: live where a kernel runs, pictures made beforehand where none does."""

import base64
import itertools
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from .. import terminal
from ..plots.vector import svg
from ..slips import brief
from .page import Bundle, element, png

Value = str | bool | int | float
VIEW = {"version_major": 2, "version_minor": 0}  # of the protocol of widgets


def explore(
    draw: Callable[..., Any],
    *,
    alt: str,
    start: Mapping[str, Value] | None = None,
    between: bool = True,
    budget: int = 400_000,
    **choices: Sequence[Value],
) -> None:
    """Show ``draw(**values)`` with a control for each choice: a slider for numbers, a menu for names.

    One output carries three forms. With a kernel the controls call ``draw``. In a page without one they change between
    pictures of all combinations, which are made now. In print stands the first picture. A notebook that runs by itself,
    as in papermill, has no use for the first form, and when it is exported to HTML the second is shown.

    Args:
        draw: makes a figure of ``matplotlib.pyplot``, or returns one; called with one value of each choice. Other
            figures stay as they are.
        alt: what the first picture shows, for those who do not see it
        start: the values that are shown first, by name; the first of each choice if not given
        between: with a kernel, sliders may also stand between the values
        budget: bytes that the pictures of all combinations may take together, compressed as on the way to a reader
        **choices: name to its values, numbers in rising order or names

    Raises:
        TypeError: values that are neither all numbers nor all names
        ValueError: no choices, one without values, numbers that do not rise, names that repeat, a start that is not
            among the values, no description, a draw that makes no figure, pictures of different size or above the
            budget

    Example:
        >>> def line(slope, color):
        ...     plt.figure(figsize=(2, 1))
        ...     plt.plot([0, slope], color=color)
        >>> explore(line, alt="A rising line.", slope=[1, 2, 4], color=["red", "black"])  # doctest: +SKIP
    """
    if not alt.strip():
        raise ValueError("alt must say what the picture shows, got nothing")
    if not choices:
        raise ValueError("choices must be at least one, such as slope=[1, 2, 4], got none")
    values = {name: _values(name, given) for name, given in choices.items()}
    first = _first(values, start or {})
    at = [v.index(first[name]) for name, v in values.items()]
    place = _place(at, [len(v) for v in values.values()])
    frames, order, printed = _frames(draw, values, budget, place)
    spec = {
        "alt": alt,
        "at": at,
        "choices": [
            {"name": name, "ordered": not isinstance(v[0], str | bool), "values": [*map(text, v)]}
            for name, v in values.items()
        ],
        "frames": frames,
        "order": order,
    }
    forms: dict[str, Any] = {
        "image/png": base64.b64encode(printed).decode(),
        "text/html": element("explore", spec, frames[order[place]], alt),
        "text/plain": alt,
    }
    if terminal.kernel() and not terminal.unattended():
        panel = _panel(draw, values, first, between)
        forms["application/vnd.jupyter.widget-view+json"] = {**VIEW, "model_id": panel.model_id}
    display(Bundle(forms), raw=True)


def text(value: Value) -> str:
    """A value as a reader sees it: ``0.1``, not ``0.1000000001``; ``on`` and ``off``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:g}"


def _values(name: str, given: Sequence[Value]) -> list[Value]:
    values = [v.item() if hasattr(v, "item") else v for v in given]
    if not values:
        raise ValueError(f"{name} must have at least one value, got none")
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)]
    names = [v for v in values if isinstance(v, str | bool)]
    if values not in (numbers, names):
        raise TypeError(f"{name} must be all finite numbers or all names, got {brief(values)}")
    if numbers and any(b <= a for a, b in itertools.pairwise(numbers)):
        raise ValueError(f"{name} must rise, got {brief(values)}")
    if len({*map(text, values)}) < len(values):
        raise ValueError(f"{name} must have values that read differently, got {brief(values)}")
    return values


def _first(values: dict[str, list[Value]], start: Mapping[str, Value]) -> dict[str, Value]:
    for name, value in start.items():
        if name not in values or value not in values[name]:
            raise ValueError(f"start must name values of the choices, {brief(values)}, got {name}={brief(value)}")
    return {name: start.get(name, v[0]) for name, v in values.items()}


def _place(at: Sequence[int], shape: Sequence[int]) -> int:
    """Index of a combination in the order of :func:`itertools.product`, as in the script of the page."""
    place = 0
    for index, size in zip(at, shape, strict=True):
        place = place * size + index
    return place


def _frames(
    draw: Callable[..., Any], values: dict[str, list[Value]], budget: int, first: int
) -> tuple[list[str], list[int], bytes]:
    """The different pictures, which of them each combination shows, and the first once more for print."""
    frames: dict[str, int] = {}
    order, sizes, printed = [], set(), b""
    for place, combination in enumerate(itertools.product(*values.values())):
        figure = _drawn(draw, dict(zip(values, combination, strict=True)))
        sizes.add(tuple(figure.get_size_inches().tolist()))
        picture = svg(figure, tight=False)
        printed = png(figure) if place == first else printed
        plt.close(figure)
        if len(sizes) > 1:
            raise ValueError(f"draw must make figures of one size, so that the page stands still, got {sorted(sizes)}")
        order.append(frames.setdefault(picture, len(frames)))
    spent = len(zlib.compress("".join(frames).encode()))
    if spent > budget:
        raise ValueError(
            f"budget must hold all pictures, {budget} bytes, but {len(frames)} of them take {spent}: fewer values, "
            "a smaller figure, or fewer points in it"
        )
    return [*frames], order, printed


def _drawn(draw: Callable[..., Any], chosen: Mapping[str, Value]) -> Figure:
    """The figure that draw returns, or the last that it has made."""
    before = {*plt.get_fignums()}
    figure = draw(**chosen)
    made = [plt.figure(number) for number in plt.get_fignums() if number not in before]
    if not (made or isinstance(figure, Figure)):
        raise ValueError(f"draw must make a figure of matplotlib.pyplot or return one, got {brief(figure)}")
    figure = figure if isinstance(figure, Figure) else made[-1]
    for other in made:
        if other is not figure:
            plt.close(other)
    return figure


def _panel(
    draw: Callable[..., Any], values: dict[str, list[Value]], first: dict[str, Value], between: bool
) -> ipywidgets.VBox:
    """Controls that call draw, as the form that a notebook with a kernel prefers."""
    controls = {name: _control(name, v, first[name], between) for name, v in values.items()}

    def show(**chosen: Value) -> None:
        figure = _drawn(draw, chosen)
        display(figure)
        plt.close(figure)

    out = ipywidgets.interactive_output(show, controls)
    return ipywidgets.VBox([*(_playable(controls[name], v, first[name]) for name, v in values.items()), out])


def _playable(control: ipywidgets.Widget, values: list[Value], first: Value) -> ipywidgets.Widget:
    """A control, with a button that walks through its values if it has more than four numbers."""
    if len(values) < 5 or isinstance(values[0], str | bool):
        return control
    play = ipywidgets.Play(value=values.index(first), min=0, max=len(values) - 1, interval=500)
    play.observe(lambda change: setattr(control, "value", values[change["new"]]), "value")
    follow = {value: k for k, value in enumerate(values)}
    control.observe(lambda change: setattr(play, "value", follow.get(change["new"], play.value)), "value")
    return ipywidgets.HBox([control, play])


def _control(name: str, values: list[Value], first: Value, between: bool) -> ipywidgets.Widget:
    common: dict[str, Any] = {"value": first, "description": name, "style": {"description_width": "initial"}}
    numbers = [v for v in values if not isinstance(v, str | bool)]
    if not numbers:
        return ipywidgets.Dropdown(options=[(text(v), v) for v in values], **common)
    common["continuous_update"] = False  # draw may be slower than a hand
    if not between or len(numbers) < 2:
        return ipywidgets.SelectionSlider(options=[(text(v), v) for v in values], **common)
    low, high = numbers[0], numbers[-1]
    if all(isinstance(v, int) for v in numbers):
        return ipywidgets.IntSlider(min=low, max=high, **common)
    common["readout_format"] = ".3g"
    if low > 0 and high / low > 30:
        span = math.log10(high / low)
        ends = {"min": math.log10(low) - 1e-9, "max": math.log10(high) + 1e-9}  # or rounding would move the end values
        return ipywidgets.FloatLogSlider(base=10, **ends, step=span / 100, **common)
    return ipywidgets.FloatSlider(min=low, max=high, step=(high - low) / 100, **common)
