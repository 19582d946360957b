"""Paths of an SVG: read, thinned and written with short numbers."""

import re
from collections.abc import Iterable

FINE = 100  # steps per point, to which coordinates are rounded
THIN = 4  # of these steps: how far a curve may be off when points of it are left out
STEP = re.compile(r"([MLQCz])([^MLQCz]*)")
NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
Point = tuple[int, int]
#: The steps of a path, each with its points in hundredths.
Steps = list[tuple[str, list[Point]]]


def steps(d: str) -> Steps:
    """Those of a path as Matplotlib writes it.

    Example:
        >>> steps("M 0 1.5 L 2 3 z")
        [('M', [(0, 150)]), ('L', [(200, 300)]), ('z', [])]
    """
    found = []
    for step, numbers in STEP.findall(d):
        values = [round(FINE * float(number)) for number in NUMBER.findall(numbers)]
        found.append((step, list(zip(values[::2], values[1::2], strict=True))))
    return found


def path(found: Steps) -> str:
    """The path of steps, each from where the last one has ended, which takes fewer digits.

    Example:
        >>> path([("M", [(0, 150)]), ("L", [(200, 300)]), ("L", [(200, 400)]), ("z", [])])
        'M0 1.5l2 1.5v1z'
    """
    written: list[str] = []
    (x, y), start = (0, 0), (0, 0)
    for step, points in found:
        offsets = [(right - x, down - y) for right, down in points]
        if step == "L" and not offsets[0][1]:
            written.append(f"h{short(offsets[0][0] / FINE)}")
        elif step == "L" and not offsets[0][0]:
            written.append(f"v{short(offsets[0][1] / FINE)}")
        else:
            written.append((step.lower() if written else step) + _pairs(offsets))
        x, y = points[-1] if points else start
        start = (x, y) if step == "M" else start
    return "".join(written)


def fewer(found: Steps) -> Steps:
    """Without points of lines that are hardly off the line between others (Douglas and Peucker, 1973)."""
    kept: Steps = []
    line: list[Point] = []
    for step, points in [*found, ("M", [])]:
        if step == "L" and kept:
            line += points
            continue
        if line:
            kept += [("L", [point]) for point in _thinned([kept[-1][1][-1], *line])[1:]] if kept[-1][1] else []
            line = []
        if points or step == "z":
            kept.append((step, points))
    return kept


def same_way_round(outlines: Iterable[Steps]) -> bool:
    """Whether no area of one would be taken out by another that covers it, when both are one path."""
    areas = [_area([point for _, points in outline for point in points]) for outline in outlines]
    return all(area >= 0 for area in areas) or all(area <= 0 for area in areas)


def short(value: float) -> str:
    """A number with at most two digits after the point.

    Example:
        >>> short(-0.5), short(2.0), short(0.001)
        ('-.5', '2', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("0.", ".", 1) if abs(value) < 1 else text


def _area(points: list[Point]) -> int:
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(points, points[1:] + points[:1], strict=True))


def _pairs(points: list[Point]) -> str:
    text = " ".join(short(value / FINE) for point in points for value in point)
    return text.replace(" -", "-")


def _thinned(points: list[Point]) -> list[Point]:
    (x, y), (right, down) = points[0], points[-1]
    length = ((right - x) ** 2 + (down - y) ** 2) ** 0.5
    off = [0.0] * len(points)
    for k, (a, b) in enumerate(points[1:-1], 1):
        if length:
            off[k] = abs((right - x) * (b - y) - (down - y) * (a - x)) / length
        else:
            off[k] = ((a - x) ** 2 + (b - y) ** 2) ** 0.5
    far = max(range(len(points)), key=off.__getitem__)
    if off[far] <= THIN:
        return [points[0], points[-1]]
    return _thinned(points[: far + 1])[:-1] + _thinned(points[far:])
