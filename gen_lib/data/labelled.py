"""Points with labels: what conditional nets learn from."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .. import check, draws
from .mixtures import GaussianMixture


@dataclass(frozen=True, eq=False)
class Labelled:
    r"""Points of a mixture, each with a label as one more coordinate: the class of its component.

    .. math:: (x, c), \qquad P(c) = \sum_{k \in c} \pi_k, \qquad
        p(x \mid c) = \frac{1}{P(c)} \sum_{k \in c} \pi_k\, \mathcal N(x;\, m_k,\, S_k)

    Args:
        mixture: of the points
        classes: the label of each component, from 0; each component is a class of its own if not given

    Raises:
        ValueError: classes that are not a whole number for each component

    Example:
        >>> from gen_lib import data
        >>> Labelled(data.mixture_2d()).sample(5).shape
        torch.Size([5, 3])
    """

    mixture: GaussianMixture
    classes: tuple[int, ...] = ()

    def __post_init__(self):
        each = self.classes or range(len(self.mixture.weights))
        classes = tuple(check.whole("each of classes", c, least=0) for c in each)
        if len(classes) != len(self.mixture.weights):
            raise ValueError(f"classes must have one entry for each of {len(self.mixture.weights)}, got {classes}")
        object.__setattr__(self, "classes", classes)

    @property
    def dim(self) -> int:
        """Dimension of a point and its label together."""
        return self.mixture.dim + 1

    def sample(self, n: int | tuple[int, ...], generator: Generator | None = None) -> Tensor:
        """Independent draws of points with their labels, shape ``(n, d + 1)`` or ``(*members, n, d + 1)``."""
        shape = check.amount("n", n)
        u, e = draws.uniform(shape, generator), draws.normal((*shape, self.mixture.dim), generator)
        component, x = self.mixture.drawn(u, e)
        labels = torch.tensor(self.classes, device=x.device)[component]
        return torch.cat([x, labels[..., None].to(x)], -1)

    def given(self, label: int) -> GaussianMixture:
        r"""The distribution of the points with a label, :math:`p(x \mid c)`.

        Args:
            label: from 0

        Raises:
            ValueError: a label that there is not

        Example:
            >>> from gen_lib import data
            >>> Labelled(data.mixture_1d()).given(1).mean
            tensor([2.], dtype=torch.float64)
        """
        part = torch.tensor([c == check.whole("label", label, least=0) for c in self.classes])
        if not part.any():
            raise ValueError(f"label must be one of {sorted({*self.classes})}, got {label}")
        weights = self.mixture.weights[part]
        return GaussianMixture(weights / weights.sum(), self.mixture.means[part], self.mixture.covariances[part])
