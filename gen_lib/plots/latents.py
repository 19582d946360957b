"""What a net makes of codes: copies, a grid or single latents that vary, straight walks from code to code."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from torch import Tensor

from .. import check
from ..method import Method
from ..nets import Net, Sizes, still
from ..shapes import Codes, Points
from .pictures import images
from .style import one_member


def copies(axes: Axes, method: Method, net: Net, x: Points, columns: int = 10, shape: Sizes | None = None) -> AxesImage:
    """Images, and below each row what the net makes of their codes.

    Args:
        axes: where to draw
        method: a method with an encoder
        net: its net; of members the first is shown
        x: images, shape ``(n, d)``
        columns: images per row; ``n`` must fill the rows
        shape: of an image, as in :func:`~gen_lib.plots.pictures.images`

    Raises:
        ValueError: a method that cannot encode; as :func:`~gen_lib.plots.pictures.images`
    """
    if method.encode is None:
        raise ValueError("method must have an encoder, this one has encode=None")
    with still(net):
        made = one_member(method.push(net, method.encode(net, x))[-1])
    originals = one_member(x)
    if len(originals) % columns:
        raise ValueError(f"columns must divide the number of images, {len(originals)}, got {columns}")
    rows = torch.stack([part.reshape(-1, columns, part.shape[-1]) for part in (originals, made)], 1)
    return images(axes, rows.flatten(0, 2), columns, ["image", "copy"] * len(rows), shape)


def latent_grid(
    axes: Axes,
    method: Method,
    net: Net,
    side: int = 9,
    latents: tuple[int, int] = (0, 1),
    shape: Sizes | None = None,
) -> AxesImage:
    """The plane of two latents, decoded: every tile stands for the same fraction of the noise in each direction.

    The lines of the grid are quantiles of the normal distribution. Other latents stay at 0, their mean.

    Args:
        axes: where to draw
        method: its ``push`` is used
        net: its net; of members the first is shown
        side: tiles in each direction
        latents: which of them vary, the first from left to right, the second from below; counted from 0
        shape: of an image, as in :func:`~gen_lib.plots.pictures.images`

    Raises:
        ValueError: latents that the net does not have, or twice the same
    """
    across, up = _known(latents, net)
    if across == up or len(latents) != 2:
        raise ValueError(f"latents must be two different ones, got {latents}")
    z = quantiles(check.whole("side", side, least=1))
    codes = torch.zeros(side * side, net.latent)
    codes[:, [up, across]] = torch.cartesian_prod(-z, z)  # rows from top to bottom
    drawn = images(axes, _decoded(method, net, codes), side, shape=shape)
    axes.set(xlabel=_name(across), ylabel=_name(up))
    return drawn


def traversals(
    axes: Axes,
    method: Method,
    net: Net,
    latents: Sequence[int],
    start: Codes | None = None,
    columns: int = 9,
    carried: Tensor | None = None,
    shape: Sizes | None = None,
) -> AxesImage:
    """A row for each latent: it moves over the quantiles of the normal distribution, the others stay where they are.

    Args:
        axes: where to draw
        method: its ``push`` is used
        net: its net; of members the first is shown
        latents: which of them move, counted from 0, such as ``carried.argsort(descending=True)[:5].tolist()``
        start: the code from which each moves, shape ``(1, latent)``; 0, the mean of the noise, if not given
        columns: images per row
        carried: nats of each latent, shape ``(latent,)``, as ``metrics.elbo(net, x).kl[0]``, to be written next to them
        shape: of an image, as in :func:`~gen_lib.plots.pictures.images`

    Raises:
        ValueError: latents that the net does not have, or none; a start or nats of another shape
    """
    rows = _known(latents, net)
    code = torch.zeros(1, net.latent) if start is None else one_member(start).cpu()
    if code.shape != (1, net.latent):
        raise ValueError(f"start must be one code of {net.latent} numbers, got shape {tuple(code.shape)}")
    if carried is not None and carried.shape != (net.latent,):
        raise ValueError(f"carried must be nats of each of {net.latent} latents, got {tuple(carried.shape)}")
    codes = code.repeat(len(rows), columns, 1)
    for row, j in enumerate(rows):
        codes[row, :, j] = quantiles(check.whole("columns", columns, least=1)).to(codes)
    names = [_name(j) if carried is None else f"{_name(j)}: {carried[j]:.2f} nats" for j in rows]
    return images(axes, _decoded(method, net, codes.flatten(0, 1)), columns, names, shape)


def walks(
    axes: Axes,
    method: Method,
    net: Net,
    start: Codes,
    end: Codes,
    columns: int = 10,
    titles: Sequence[str] = (),
    shape: Sizes | None = None,
) -> AxesImage:
    """Straight walks from code to code, decoded: a row for each pair, the ends included.

    From image to image: ``method.encode(net, x)``; from class to class: :func:`class_means`.

    Args:
        axes: where to draw
        method: its ``push`` is used
        net: its net; of members the first is shown
        start: codes, shape ``(n, latent)``; of members the first
        end: as many
        columns: images of a walk, at least 2
        titles: a word next to each row, from the top
        shape: of an image, as in :func:`~gen_lib.plots.pictures.images`

    Raises:
        ValueError: fewer than two images; codes that are not as many, or not of this net
    """
    steps = walk(one_member(start), one_member(end), columns)
    if steps.shape[-1] != net.latent:
        raise ValueError(f"start and end must be codes of {net.latent} numbers, got {steps.shape[-1]}")
    return images(axes, _decoded(method, net, steps.flatten(-3, -2)), columns, titles, shape)


def walk(start: Codes, end: Codes, steps: int = 10) -> Tensor:
    r"""Codes on the straight lines from start to end, at equal distances, the ends included.

    .. math:: z_k = \left(1 - \tfrac{k}{K - 1}\right) z_{\text{start}} + \tfrac{k}{K - 1}\, z_{\text{end}}

    Args:
        start: shape ``(*members, n, latent)``
        end: same shape
        steps: K, at least 2

    Returns:
        shape ``(*members, n, steps, latent)``

    Raises:
        ValueError: fewer than two steps, codes of different shape

    Example:
        >>> walk(torch.zeros(1, 1), torch.ones(1, 1), 3).flatten().tolist()
        [0.0, 0.5, 1.0]
    """
    check.points("start", start)
    if check.points("end", end).shape != start.shape:
        raise ValueError(f"start and end must be as many codes, got shapes {tuple(start.shape)} and {tuple(end.shape)}")
    t = torch.linspace(0, 1, check.whole("steps", steps, least=2)).to(start)[:, None]
    return start[..., None, :].lerp(end[..., None, :], t)


def class_means(codes: Codes, labels: Tensor, classes: Sequence[int]) -> Tensor:
    """The mean code of each of some classes, shape ``(*members, classes, latent)``.

    Args:
        codes: shape ``(*members, n, latent)``
        labels: class of each, whole numbers of shape ``(n,)``
        classes: such as ``(3, 7)``

    Raises:
        ValueError: labels that are not as many, a class that none of the codes has

    Example:
        >>> class_means(torch.tensor([[0.0], [2.0], [7.0]]), torch.tensor([3, 3, 7]), (7, 3)).tolist()
        [[7.0], [1.0]]
    """
    if labels.shape != check.points("codes", codes).shape[-2:-1]:
        raise ValueError(f"labels must be one for each code, {codes.shape[-2]}, got shape {tuple(labels.shape)}")
    present = labels.unique().tolist()
    if missing := [k for k in classes if k not in present]:
        raise ValueError(f"classes must be among those of the labels, {present}, got {missing}")
    return torch.stack([codes[..., labels == k, :].mean(-2) for k in classes], -2)


def quantiles(n: int) -> Tensor:
    r"""Middles of n parts of the line, each as probable under N(0, 1) as the others, in rising order.

    .. math:: z_k = \Phi^{-1}\!\left( \tfrac{k - 1/2}{n} \right), \qquad k = 1 \dots n

    Example:
        >>> [round(z, 3) for z in quantiles(3).tolist()]
        [-0.967, 0.0, 0.967]
    """
    return torch.special.ndtri((torch.arange(n) + 0.5) / n)


def _decoded(method: Method, net: Net, codes: Codes) -> Tensor:
    """Images of the first member."""
    with still(net) as weight:
        return one_member(method.push(net, codes.to(weight))[-1])


def _known(latents: Sequence[int], net: Net) -> list[int]:
    found = [check.whole("each of latents", j, least=0) for j in latents]
    if not found or max(found) >= net.latent:
        raise ValueError(f"latents must be some of 0 to {net.latent - 1}, got {list(latents)}")
    return found


def _name(latent: int) -> str:
    """As on the board, where the first is 1."""
    return f"$z_{{{latent + 1}}}$"
