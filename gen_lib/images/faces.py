r"""Cartoon faces, drawn from known factors: what a latent space should contain can be measured against them.

Face ``i`` is the same wherever and with whatever it is drawn, at any size: its 20 factors (shape, skin, hair, eyes,
mouth, pose, background, shirt) are independent and uniform on [0, 1], hashed from ``i``. The picture is painted in
layers. Each is a shape, given by the signed distance :math:`s(x, y)` to its edge, negative inside; of a pixel of width
w it covers the fraction

.. math:: \alpha(x, y) = \min(1, \max(0,\; 1/2 - s(x, y) / w))

so that edges are smooth, and small pictures are what large ones look like from afar.
"""

import torch
from torch import Tensor

from .. import check, terminal
from ..data.sets import held_out
from .base import ImageSet

FACTORS: tuple[str, ...] = (
    "face width",
    "chin",
    "skin",
    "hair colour",
    "hair length",
    "hair volume",
    "curls",
    "fringe",
    "parting",
)
FACTORS += (
    "brows",
    "eye size",
    "eye spacing",
    "eye colour",
    "smile",
    "mouth open",
    "turn",
    "nod",
    "tilt",
    "background",
    "shirt",
)

# From 0 to 1, evenly spaced colours with those between them mixed.
SKIN = ((1.0, 0.87, 0.78), (0.95, 0.75, 0.60), (0.78, 0.56, 0.41), (0.56, 0.37, 0.26), (0.36, 0.23, 0.17))
HAIR = ((0.10, 0.09, 0.12), (0.30, 0.20, 0.12), (0.55, 0.28, 0.14), (0.83, 0.45, 0.20), (0.95, 0.80, 0.45))
IRIS = ((0.36, 0.20, 0.10), (0.52, 0.42, 0.16), (0.26, 0.56, 0.32), (0.20, 0.50, 0.80), (0.45, 0.55, 0.66))
SHIRT = ((0.87, 0.33, 0.30), (0.93, 0.68, 0.25), (0.30, 0.62, 0.55), (0.25, 0.42, 0.72), (0.50, 0.30, 0.58))
BACK = ((0.98, 0.80, 0.62), (0.95, 0.90, 0.70), (0.70, 0.88, 0.74), (0.58, 0.79, 0.92), (0.76, 0.70, 0.92))


def factors(indices: Tensor) -> Tensor:
    """The factors of the faces with these numbers, independent and uniform on [0, 1].

    Hashed, not drawn: no generator has a state that could depend on what was drawn before.

    Args:
        indices: whole numbers from 0, shape ``(n,)``

    Returns:
        shape ``(n, 20)``, one column for each name in ``FACTORS``

    Raises:
        ValueError: another shape, numbers that are not whole or negative

    References:
        Fast Splittable Pseudorandom Number Generators (Steele, Lea and Flood, 2014), doi 10.1145/2660193.2660195

    Example:
        >>> torch.equal(factors(torch.tensor([7])), factors(torch.arange(10))[7:8])
        True
    """
    if indices.ndim != 1 or indices.dtype not in (torch.int64, torch.int32) or (indices < 0).any():
        raise ValueError(f"indices must be whole numbers from 0, shape (n,), got {indices}")
    number = indices.long()[:, None] * 64 + torch.arange(len(FACTORS), device=indices.device)
    z = (number + 1) * -0x61C8864680B583EB  # SplitMix64: the products are meant to overflow
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15), (31, 1)):
        z = (z ^ _shifted(z, shift)) * factor
    return _shifted(z, 40).to(torch.get_default_dtype()) / 2**24


def _shifted(z: Tensor, bits: int) -> Tensor:
    """To the right, zeros follow: torch would copy the sign."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def draw(factors: Tensor, size: int = 32, progress: bool = True) -> Tensor:
    """Pictures of the faces with these factors.

    Args:
        factors: shape ``(n, 20)`` in [0, 1], columns as in ``FACTORS``
        size: side of the picture in pixels, from 8 to 256
        progress: show a bar, if it takes longer than a second

    Returns:
        RGB in [0, 1], shape ``(n, 3 * size * size)``, in the precision of the factors; as pictures
        ``.view(n, 3, size, size)``

    Raises:
        ValueError: another shape, factors outside [0, 1], a size out of range

    Example:
        >>> smile = torch.full((5, 20), 0.5)
        >>> smile[:, FACTORS.index("smile")] = torch.linspace(0, 1, 5)
        >>> draw(smile, size=32).shape
        torch.Size([5, 3072])
    """
    check.points("factors", factors, len(FACTORS))
    if factors.ndim != 2 or factors.min() < 0 or factors.max() > 1:
        got = f"{tuple(factors.shape)} from {factors.min():g} to {factors.max():g}"
        raise ValueError(f"factors must have shape (n, {len(FACTORS)}) and lie from 0 to 1, got {got}")
    size = check.whole("size", size, least=8)
    if size > 256:
        raise ValueError(f"size must be at most 256, got {size}")
    at_once = max(1, 2**17 // size**2)  # what fits into the processor's cache
    drawn = factors.new_empty(len(factors), 3 * size * size)
    with terminal.bar(None, progress, total=len(factors), unit="face", delay=1) as bar:
        for these, into in zip(factors.split(at_once), drawn.split(at_once), strict=True):
            _paint(these, into.view(-1, 3, size, size))
            bar.update(len(these))
    return drawn


def faces(n: int = 5000, size: int = 32, progress: bool = True) -> ImageSet:
    """Faces 0 to n - 1, every fifth of them held out, with their factors as labels.

    The factors are known, so it can be measured how much of each a code contains (a linear probe), and how far samples
    vary in it. Faces from n on have not been seen: ``draw(factors(torch.arange(n, n + 100)))``.

    Args:
        n: number of faces, held-out ones included
        size: side of the picture in pixels, from 8 to 256
        progress: show a bar, if it takes longer than a second

    Returns:
        images, and as labels their factors ``(n, 20)`` named by ``names``

    Raises:
        ValueError: n or size out of range

    Example:
        >>> few = faces(10)
        >>> few.train.shape, few.test.shape, few.train_labels.shape
        (torch.Size([8, 3072]), torch.Size([2, 3072]), torch.Size([8, 20]))
    """
    n = check.whole("n", n, least=1)
    table = factors(torch.arange(n))
    out = torch.tensor([held_out(i) for i in range(n)])
    train, test = table[~out], table[out]
    drawn = draw(train, size, progress)
    shown = draw(test, size, progress) if len(test) else drawn[:0]
    return ImageSet(drawn, train, shown, test, 3, size, FACTORS)


def _ramp(colours: tuple[tuple[float, ...], ...], u: Tensor) -> Tensor:
    """The colour at u, shape ``(n, 3)``, mixed of the two next to it."""
    stops = torch.tensor(colours).to(u)
    place = u.flatten()[:, None] * (len(stops) - 1)
    weights = (1 - (place - torch.arange(len(stops), device=u.device)).abs()).clamp_min(0)
    return weights @ stops


def _ellipse(x: Tensor, y: Tensor, width: Tensor | float, height: Tensor | float) -> Tensor:
    """Distance to an ellipse around the origin, to first order: value over slope of its equation."""
    a, b = x / width, y / height
    value = (a * a + b * b).sqrt()
    slope = ((a / width).square() + (b / height).square()).sqrt()
    return value * (value - 1) / slope.clamp_min(1e-6)


def _box(x: Tensor, y: Tensor, width: Tensor | float, height: Tensor | float, corner: Tensor | float) -> Tensor:
    """Distance to a rectangle around the origin with these half widths and rounded corners."""
    a, b = x.abs() - width + corner, y.abs() - height + corner
    return (a.clamp_min(0).square() + b.clamp_min(0).square()).sqrt() + torch.maximum(a, b).clamp_max(0) - corner


def _paint(table: Tensor, into: Tensor) -> None:
    """Layer upon layer, from the background to the hair; up is y = 1, right is x = 1, the head is about one high."""
    f = {name: table[:, k, None, None] for k, name in enumerate(FACTORS)}
    size, zoom = into.shape[-1], 0.8
    line = ((torch.arange(size).to(into) + 0.5) * (2 / size) - 1) * zoom
    x0, y0 = line.expand(len(table), 1, size), -line[:, None].expand(len(table), size, 1)

    def between(name: str, low: float, high: float) -> Tensor:
        return low + (high - low) * f[name]

    def colour(*rgb: float) -> Tensor:
        return torch.tensor([rgb]).to(into)

    def layer(paint: Tensor, distance: Tensor, strength: float | Tensor = 1.0) -> Tensor:
        cover = (0.5 - distance * (size / 2 / zoom)).clamp_(0, 1) * strength
        into.lerp_(paint[..., None, None], cover[:, None])
        return cover

    skin, hair, back = _ramp(SKIN, f["skin"]), _ramp(HAIR, f["hair colour"]), _ramp(BACK, f["background"])
    dark, white, rosy = colour(0.13, 0.09, 0.10), colour(1.0, 1.0, 1.0), colour(0.93, 0.38, 0.36)
    angle = between("tilt", -0.22, 0.22)
    c, s = angle.cos(), angle.sin()
    x, y = c * x0 + s * (y0 + 0.5), c * (y0 + 0.5) - s * x0 - 0.5  # the head's frame, turned about the neck
    width, height = between("face width", 0.36, 0.48), 0.52
    turn, nod = between("turn", -0.23, 0.23) * width, between("nod", -0.07, 0.07)
    volume, end = between("hair volume", 0.05, 0.17), between("hair length", 0.0, -0.8)

    # the background, lighter in the middle; long hair behind the neck; neck, shirt and ears
    glow = 0.4 * torch.exp(-2.0 * (x0.square() + y0.square()))[:, None]
    into.copy_(back[..., None, None] * (1 - glow) + glow)
    curl = between("curls", 0.0, 0.035) * (17 * x).sin() * (17 * y).sin()
    crown = _ellipse(x, y - 0.04, width + 0.5 * volume, height + 0.7 * volume) + curl
    sides = _box(x, y - (0.04 + end) / 2, width + 0.5 * volume, (0.08 - end) / 2, (0.04 - end).clamp_max(0.1)) + curl
    mane = torch.minimum(torch.maximum(crown, end - y), sides)
    layer(0.65 * hair, mane)
    layer(0.82 * skin, _box(x0, y0 + 0.65, 0.15, 0.35, 0.05))
    layer(_ramp(SHIRT, f["shirt"]), _ellipse(x0, y0 + 1.15, 0.78, 0.5))
    layer(0.82 * skin, _ellipse(x0, y0 + 0.66, 0.17, 0.1))
    for side in (-1, 1):
        ear = x - side * width + 0.4 * turn, y + 0.04 - nod / 2
        layer(0.92 * skin, _ellipse(*ear, 0.09, 0.13))
        layer(0.75 * skin, _ellipse(*ear, 0.045, 0.08))

    # the head, narrower towards the chin; light falls from above
    egg = x / (1 + between("chin", 0.0, 0.45) * (y - 0.1).clamp(-0.7, 0.0))
    head = _ellipse(egg, y + 0.02, width, height)
    layer(skin, head)
    layer(0.55 * skin, head, (0.22 * (0.35 - y - 0.35 * (x - turn) / width)).clamp(0, 0.3))

    # what is in the face moves as the head turns and nods, the nose farthest
    fx, fy = x - turn, y - nod
    for side in (-1, 1):
        cheek = ((fx - side * 0.23).square() + (fy + 0.17).square()) / 0.007
        layer(rosy, head, 0.35 * torch.exp(-cheek))
    layer(0.80 * skin, _ellipse(fx - 0.4 * turn, fy + 0.09, 0.062, 0.045))
    layer(1 - 0.85 * (1 - skin), _ellipse(fx - 0.4 * turn, fy + 0.065, 0.045, 0.045))

    eye, apart = between("eye size", 0.075, 0.12), between("eye spacing", 0.35, 0.49) * width
    iris = _ramp(IRIS, f["eye colour"])
    for side in (-1, 1):
        ex, ey = fx - side * apart, fy - 0.06
        layer(dark, _ellipse(ex, ey - 0.02, 1.08 * eye, 0.98 * eye))
        ball = layer(white, _ellipse(ex, ey, eye, 0.9 * eye))
        ix = ex - 0.15 * turn
        layer(0.6 * iris, _ellipse(ix, ey, 0.68 * eye, 0.68 * eye), ball)
        layer(iris, _ellipse(ix, ey, 0.55 * eye, 0.55 * eye), ball)
        layer(dark, _ellipse(ix, ey, 0.32 * eye, 0.32 * eye), ball)
        layer(white, _ellipse(ix + 0.25 * eye, ey - 0.28 * eye, 0.2 * eye, 0.2 * eye), ball)
        slope = between("brows", -0.3, 0.3) * side
        layer(0.55 * hair, _box(ex, ey - 1.2 * eye - 0.05 - slope * ex, 0.11, 0.022, 0.022))

    # the mouth: a bent lens, open or closed, with teeth above
    mx, bend = fx - 0.1 * turn, between("smile", -0.7, 1.0)
    along = (mx / 0.17).square()
    lens = (1 - along).clamp_min(0).sqrt()
    middle = fy + 0.29 - 0.08 * bend * (along - 0.5)
    edge = (1 + (0.16 / 0.17 * bend * mx / 0.17).square()).sqrt()
    gap = between("mouth open", 0.0, 0.1) * lens
    lips = torch.maximum((middle.abs() - gap - 0.028 * lens.sqrt()) / edge, mx.abs() - 0.17)
    layer(0.55 * skin + 0.45 * colour(0.75, 0.15, 0.20), lips)
    inside = layer(colour(0.40, 0.08, 0.10), torch.maximum((middle.abs() - gap) / edge, mx.abs() - 0.17))
    layer(white, (gap * 0.35 - middle) / edge, inside)
    layer(rosy, _ellipse(mx, middle + 0.8 * gap, 0.09, 0.05), inside)

    # the hair in front: a cap down to the hairline, and what hangs next to the face
    across = x - between("parting", -0.2, 0.2) - turn
    hairline = between("fringe", 0.46, 0.3) + 0.5 * nod - 0.7 * across.square() + curl
    cap = torch.maximum(crown, (hairline - y) / (1 + (1.4 * across).square()).sqrt())
    sides = torch.maximum(mane, 0.9 * width - (x - 0.6 * turn).abs() - 0.1 * (0.2 - y).clamp_min(0))
    layer(hair, torch.minimum(cap, sides))
    ring = (_ellipse(x, y - 0.02, width, height) + 0.02) / 0.05
    layer(white, torch.maximum(cap, 0.1 - y), 0.25 * torch.exp(-ring.square() - 6 * (x + 0.12).square()))
