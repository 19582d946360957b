"""Codes in the plane: two of their numbers, their principal components, or t-SNE; dots or the images themselves."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor

from .. import check
from ..nets import Sizes
from ..shapes import Codes, Points
from .pictures import scatter_by_class, thumbnails
from .style import COLORS, one_member


class Plane(NamedTuple):
    """Where codes lie in a plane, and what its axes are.

    Attributes:
        points: shape ``(n, 2)``
        names: of both axes
        prior: whether the prior N(0, I) is N(0, I) in this plane too
    """

    points: Points
    names: tuple[str, str]
    prior: bool


def widest(codes: Codes, carried: Tensor | None = None) -> Plane:
    """The plane of the two latents that say most.

    Args:
        codes: of at least two latents, shape ``(n, latent)``; of members the first
        carried: nats of each latent, shape ``(latent,)``, as ``metrics.elbo(net, x).kl[0]``; without it the variance
            of the codes decides

    Raises:
        ValueError: a single latent, another number of nats than latents

    Example:
        >>> widest(torch.tensor([[0.0, 1.0, 2.0], [0.0, 2.0, -2.0]])).names
        ('$z_{3}$ (variance 8.00)', '$z_{2}$ (variance 0.50)')
    """
    codes = _several(codes)
    if carried is not None and carried.shape != codes.shape[-1:]:
        raise ValueError(f"carried must be nats of each of {codes.shape[-1]} latents, got {tuple(carried.shape)}")
    size = codes.var(0) if carried is None else carried.to(codes)
    first = size.argsort(descending=True)[:2].tolist()
    said = [f"variance {size[j]:.2f}" if carried is None else f"{size[j]:.2f} nats" for j in first]
    names = [f"$z_{{{j + 1}}}$ ({word})" for j, word in zip(first, said, strict=True)]
    return Plane(codes[:, first], (names[0], names[1]), prior=True)


def principal(codes: Codes) -> Plane:
    """The plane in which the codes vary most. The origin stays where it is, so that the prior's circles are circles.

    Args:
        codes: of at least two latents, shape ``(n, latent)``; of members the first

    Raises:
        ValueError: a single latent, codes that are all the same

    Example:
        >>> principal(torch.tensor([[3.0, 4.0, 0.0], [-3.0, -4.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, -5.0]])).names
        ('principal component 1 (50 % of the variance)', 'principal component 2 (50 % of the variance)')
    """
    codes = _several(codes)
    centred = (codes - codes.mean(0)).double()
    if not centred.abs().max() > 0:
        raise ValueError("codes must differ to have principal components, got the same for all points")
    _, sizes, directions = torch.linalg.svd(centred, full_matrices=False)
    directions = directions * directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    fraction = sizes.square() / sizes.square().sum()
    names = [f"principal component {j + 1} ({100 * fraction[j]:.0f} % of the variance)" for j in (0, 1)]
    return Plane((codes.double() @ directions[:2].mT).to(codes), (names[0], names[1]), prior=True)


def tsne(codes: Codes, perplexity: float | None = None, seed: int | None = None) -> Plane:
    """A plane in which neighbours stay neighbours; distances between groups and the sizes of groups mean nothing.

    Args:
        codes: shape ``(n, latent)``, at least four; of members the first
        perplexity: how many neighbours count, from 1 to below n; 30, or a third of the points if there are fewer than
            90, if not given. The axes say which
        seed: of a random beginning, to see what is due to chance; if not given it begins with the principal components,
            and nothing is drawn

    Raises:
        ValueError: fewer than four codes, a perplexity that is not above 0 and below n

    References:
        Visualizing Data using t-SNE (van der Maaten and Hinton, 2008), JMLR 9; How to Use t-SNE Effectively
        (Wattenberg et al., 2016), doi 10.23915/distill.00002
    """
    from sklearn.manifold import TSNE  # here, because it takes a second that the toys need not wait

    codes = one_member(codes).cpu()
    n = len(codes)
    if n < 4:
        raise ValueError(f"codes must be at least 4 to find neighbours among, got {n}")
    perplexity = min(30.0, n / 3) if perplexity is None else perplexity
    check.number("perplexity", perplexity, above=0)
    if perplexity >= n:
        raise ValueError(f"perplexity must be below the number of codes, {n}, got {perplexity:g}")
    begin = "pca" if seed is None else "random"
    seed = check.whole("seed", seed or 0, least=0) % 2**31
    found = TSNE(perplexity=perplexity, random_state=seed, init=begin).fit_transform(codes.numpy())
    names = (f"t-SNE of {codes.shape[-1]} latents, perplexity {perplexity:g}", "")
    return Plane(torch.as_tensor(found).to(codes), names, prior=False)


def plane(
    axes: Axes,
    plane: Plane,
    labels: Tensor,
    x: Points | None = None,
    *,
    names: Sequence[str] = (),
    shape: Sizes | None = None,
) -> list[Artist]:
    """Codes in a plane by class: as dots, with the prior's circles of 1 and 2 standard deviations; or as their images.

    Args:
        axes: where to draw
        plane: from :func:`widest`, :func:`principal` or :func:`tsne`
        labels: classes, whole numbers of shape ``(n,)``
        x: the images of the codes, flat, ``(n, d)`` in [0, 1]: those that find room are shown at their points
        names: of the classes; their numbers if not given
        shape: of an image, as in :func:`~gen_lib.plots.pictures.images`

    Raises:
        ValueError: as :func:`~gen_lib.plots.pictures.scatter_by_class` and :func:`~gen_lib.plots.pictures.thumbnails`
    """
    axes.set(xlabel=plane.names[0], ylabel=plane.names[1])
    if plane.prior:
        axes.set_aspect("equal", adjustable="datalim")
    else:  # its scale means nothing
        axes.set(xticks=[], yticks=[])
    circles: list[Artist] = [*prior_circles(axes)] if plane.prior else []
    if x is None:
        return circles + scatter_by_class(axes, plane.points, labels, names=names)
    return circles + thumbnails(axes, plane.points, x, shape=shape, labels=labels, names=names)


def prior_circles(axes: Axes) -> list[Circle]:
    """One and two standard deviations of the noise N(0, I) in a plane of codes.

    Args:
        axes: where to draw
    """
    circles = [Circle((0, 0), radius, fill=False, color=COLORS["prior"], linewidth=1.5) for radius in (1, 2)]
    for circle in circles:
        axes.add_patch(circle)
    return circles


def _several(codes: Codes) -> Tensor:
    codes = one_member(codes).cpu()
    if codes.shape[-1] < 2:
        raise ValueError("codes must have at least two latents to lie in a plane, got one")
    return codes
