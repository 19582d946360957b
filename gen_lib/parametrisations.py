r"""What a net may predict at a point of a path, and how one prediction becomes another.

On an affine path the point is :math:`x_t = a_t z + b_t x`. Whatever a net is asked for is a second combination of noise
and data, :math:`p_t z + q_t x`. Two equations with two unknowns give both of them, on average:

.. math::
    \begin{pmatrix} a_t & b_t \\ p_t & q_t \end{pmatrix} \begin{pmatrix} \hat z \\ \hat x \end{pmatrix}
    = \begin{pmatrix} x_t \\ y \end{pmatrix}, \qquad \hat z = E[z \mid x_t], \quad \hat x = E[x \mid x_t]

So a net that predicts one combination predicts them all. They differ in where the determinant
:math:`a_t q_t - b_t p_t` vanishes, and there the point and the prediction say the same, and the rest is lost.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .paths import Coefficients, Path, coefficients, line, time_of
from .shapes import Points, Times
from .slips import Table

Parametrisation = Callable[[Coefficients], tuple[Times, Times]]  # to p and q: what multiplies noise and data
Prediction = Callable[[Tensor, Tensor], Tensor]  # (x_t, t) to a vector per point


def velocity(at: Coefficients) -> tuple[Times, Times]:
    r"""The velocity of the path, :math:`v = \dot a_t z + \dot b_t x`; on the straight path x - z.

    References:
        Flow Matching for Generative Modeling (Lipman et al., 2023), arXiv 2210.02747
    """
    return at.noise_slope, at.data_slope


def noise(at: Coefficients) -> tuple[Times, Times]:
    """The noise z, as DDPM predicts it. With x_t it says nothing of the data where the path has none, b = 0.

    References:
        Denoising Diffusion Probabilistic Models (Ho et al., 2020), arXiv 2006.11239
    """
    return torch.ones_like(at.noise), torch.zeros_like(at.data)


def data(at: Coefficients) -> tuple[Times, Times]:
    r"""The data x: what a denoiser gives, :math:`E[x \mid x_t]`. At the data, a = 0, it says nothing of the noise."""
    return torch.zeros_like(at.noise), torch.ones_like(at.data)


def score(at: Coefficients) -> tuple[Times, Times]:
    r"""The score of x_t, whose mean over the pairs is :math:`\nabla \log p_t = -E[z \mid x_t] / a_t`.

    References:
        A Connection Between Score Matching and Denoising Autoencoders (Vincent, 2011), doi 10.1162/NECO_a_00142
    """
    return -1 / at.noise, torch.zeros_like(at.data)


def edm(at: Coefficients) -> tuple[Times, Times]:
    r"""What the net inside EDM's denoiser predicts, for data of variance 1; its determinant never vanishes.

    .. math:: F = \frac{a_t x - b_t z}{\sqrt{a_t^2 + b_t^2}}, \qquad
        D = \frac{y}{1 + \sigma^2} + \frac{\sigma}{\sqrt{1 + \sigma^2}}\, F, \qquad
        y = \frac{x_t}{b_t}, \quad \sigma = \frac{a_t}{b_t}

    On a path that preserves the variance it is the "v-prediction" of progressive distillation, and on the quarter
    circle the velocity, up to the factor of pi / 2.

    References:
        Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), arXiv 2206.00364;
        Progressive Distillation for Fast Sampling of Diffusion Models (Salimans and Ho, 2022), arXiv 2202.00512
    """
    size = scale(at)
    return -at.data / size, at.noise / size


#: By name, for the command line and for tables.
PARAMETRISATIONS = Table[Parametrisation](velocity=velocity, noise=noise, data=data, score=score, edm=edm).called(
    "parametrisation"
)


def scale(at: Coefficients) -> Times:
    r"""The size of a point for noise and data of variance 1, :math:`\sqrt{a_t^2 + b_t^2}`, shape of the times."""
    return (at.noise.square() + at.data.square()).sqrt()


def determinant(of: Parametrisation, at: Coefficients) -> Times:
    r"""What the two equations are divided by, :math:`a_t q_t - b_t p_t`, shape of the times.

    Its square over :math:`a_t^2` is also the weight by which the loss of a parametrisation differs from that of the
    data, since an error of the data prediction is one of :math:`(a q - b p) / a` in the combination.

    Args:
        of: a parametrisation
        at: what the path is made of, :func:`gen_lib.paths.affine.coefficients`

    Example:
        >>> at = coefficients(line, torch.tensor([[0.25]]))
        >>> [round(determinant(of, at).item(), 4) for of in (velocity, noise, data, score, edm)]
        [1.0, -0.25, 0.75, 0.3333, 0.7906]
    """
    p, q = of(at)
    return at.noise * q - at.data * p


def ends(value: Points, x_t: Points, at: Coefficients, of: Parametrisation) -> tuple[Points, Points]:
    r"""The noise and the data that a prediction means.

    .. math:: \hat z = \frac{q_t x_t - b_t y}{a_t q_t - b_t p_t}, \qquad
        \hat x = \frac{a_t y - p_t x_t}{a_t q_t - b_t p_t}

    Args:
        value: the prediction y, shape ``(*members, n, d)``
        x_t: the points, same shape
        at: what the path is made of there
        of: what was predicted

    Returns:
        both of the shape of the points; not finite where the determinant vanishes

    Example:
        >>> at = coefficients(line, torch.tensor([[0.25]]))
        >>> z, x = ends(torch.tensor([[2.0]]), torch.tensor([[1.0]]), at, velocity)  # x - z = 2
        >>> z.item(), x.item()
        (0.5, 2.5)
    """
    (p, q), volume = of(at), determinant(of, at)
    return (q * x_t - at.data * value) / volume, (at.noise * value - p * x_t) / volume


def convert(value: Points, x_t: Points, at: Coefficients, have: Parametrisation, want: Parametrisation) -> Points:
    """One prediction as another.

    Args:
        value: the prediction, shape ``(*members, n, d)``
        x_t: the points, same shape
        at: what the path is made of there
        have: what was predicted
        want: what is wanted

    Returns:
        shape of the points; not finite where the determinant of ``have`` vanishes, or ``want`` is the score at the data

    Example:
        >>> at = coefficients(line, torch.tensor([[0.5]]))
        >>> convert(torch.tensor([[2.0]]), torch.tensor([[1.0]]), at, velocity, noise)
        tensor([[0.]])
    """
    if have is want:
        return value
    (z, x), (p, q) = ends(value, x_t, at, have), want(at)
    return p * z + q * x


def reading(net: Prediction, have: Parametrisation, want: Parametrisation, path: Path = line) -> Prediction:
    """A net that predicts one thing, read as one that predicts another.

    Args:
        net: called as ``net(x_t, t)``
        have: what it predicts
        want: what is wanted of it
        path: the path that it was trained on

    Returns:
        a function of x_t and t

    Raises:
        ValueError: when called, for a path that is not affine

    Example:
        >>> x, t = torch.ones(1, 1), torch.full((1, 1), 0.5)
        >>> reading(lambda x, t: 0 * x, velocity, score)(x, t)  # at rest, (t v - x) / (1 - t)
        tensor([[-2.]])
    """
    return partial(_read, net=net, have=have, want=want, path=path)


def _read(x_t: Points, t: Times, net: Prediction, have: Parametrisation, want: Parametrisation, path: Path) -> Points:
    return convert(net(x_t, t), x_t, coefficients(path, t), have, want)


def denoiser(net: Prediction, have: Parametrisation, path: Path = line) -> Prediction:
    r"""A net as EDM's denoiser, a function of a noisy datum and of the size of the noise on it.

    .. math:: D(y, \sigma) = E[x \mid x + \sigma z = y], \qquad
        \nabla \log p(y; \sigma) = \frac{D(y, \sigma) - y}{\sigma^2}

    The path has this ratio of noise to data at one time; there the point is y, in another scale.

    Args:
        net: called as ``net(x_t, t)``
        have: what it predicts
        path: the path that it was trained on

    Returns:
        a function of y ``(*members, n, d)`` and sigma ``(*members, n, 1)``

    References:
        Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), arXiv 2206.00364

    Example:
        >>> half = denoiser(lambda x, t: x, data)  # which takes x_t for the datum
        >>> half(torch.ones(1, 1), torch.ones(1, 1))  # y = 1 is x_t = 1/2 at t = 1/2
        tensor([[0.5000]])
    """

    def denoised(y: Points, sigma: Times) -> Points:
        t = time_of(path, sigma)
        at = coefficients(path, t)
        x_t = y * scale(at) / (1 + sigma.square()).sqrt()
        return convert(net(x_t, t), x_t, at, have, data)

    return denoised


def moved(net: Prediction, have: Parametrisation, trained: Path, path: Path) -> Prediction:
    r"""A net that was trained on one path, as the velocity of another: a change of time and of scale.

    .. math:: \frac{a'_{t'}}{b'_{t'}} = \frac{a_t}{b_t}, \qquad x'_{t'} = \frac{b'_{t'}}{b_t}\, x_t, \qquad
        \hat z' = \hat z, \quad \hat x' = \hat x

    Where the ratio is beyond those that the net has seen, it is evaluated at the nearest end of its path.

    Args:
        net: called as ``net(x_t, t)``
        have: what it predicts
        trained: the path that it was trained on
        path: the path that it is to be sampled on

    Returns:
        a velocity, a function of x_t and t on ``path``

    Raises:
        ValueError: when called, for a path that is not affine

    Example:
        >>> from gen_lib.paths import circle
        >>> x, t = torch.ones(1, 1), torch.full((1, 1), 0.5)
        >>> at_rest = moved(lambda x, t: 0 * x, velocity, line, circle)  # z = x = x_t on the straight path
        >>> round(at_rest(x, t).item(), 4)  # on the circle the two cancel at t = 1/2
        0.0
    """

    def elsewhere(x_t: Points, t: Times) -> Points:
        first = t.reshape(-1, 1)[:1]
        now = first if bool((t == first).all()) else t  # in a sampler all points have one time, looked up once
        here = coefficients(path, now)
        there = time_of(trained, here.noise / here.data)
        at = coefficients(trained, there)
        same = x_t * scale(at) / scale(here)
        z, x = ends(net(same, there.expand_as(t)), same, at, have)
        return here.noise_slope * z + here.data_slope * x

    return elsewhere
