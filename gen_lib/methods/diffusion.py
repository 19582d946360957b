r"""Diffusion: the same field as flow matching, learned as score, noise, data or velocity, on curved paths, and sampled
with or without fresh noise.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from .. import check
from ..couplings import independent
from ..density import pushforward_log_prob
from ..method import Coupling, Method, Turn, factory
from ..nets import Field
from ..parametrisations import PARAMETRISATIONS, Parametrisation, convert, determinant, scale, velocity
from ..paths import PATHS, Coefficients, Path, TimeDraw, circle, coefficients, parts, uniform
from ..samplers import Velocity, ddim
from ..shapes import PerSample, Points, States, Times

Weight = Callable[[Coefficients], Times]


def even(at: Coefficients) -> Times:
    """The same weight at all times: the error counts as it is, shape of the times."""
    return torch.ones_like(at.noise)


def variance(at: Coefficients) -> Times:
    r"""The weight :math:`a_t^2`, shape of the times: with it score matching is the prediction of noise."""
    return at.noise.square()


def predicted(net: Callable[..., Tensor], x_t: Points, t: Times, at: Coefficients) -> Points:
    r"""What the net says of a point, which it is given in the scale of 1, :math:`F(x_t / \sqrt{a_t^2 + b_t^2},\, t)`.

    Args:
        net: called as ``net(x, t)``
        x_t: points, shape ``(*members, n, d)``
        t: times, shape ``(*members, n, 1)``
        at: what the path is made of there

    Returns:
        shape of the points
    """
    return net(x_t / scale(at), t)


def denoising(
    net: Callable[..., Tensor],
    z: Points,
    x: Points,
    predict: Parametrisation = velocity,
    path: Path = circle,
    weight: Weight = even,
    time: TimeDraw = uniform,
) -> PerSample:
    r"""Regress a combination of noise and data at the points of the path.

    .. math:: w_t\, \| F_\theta(x_t, t) - (p_t z + q_t x) \|^2

    The minimiser is the mean of the combination over the pairs whose path meets :math:`x_t`, whatever the weight. With
    :func:`gen_lib.parametrisations.score` and the weight :func:`variance` it is denoising score matching,
    :math:`\| a_t s_\theta + z \|^2`.

    Args:
        net: called as ``net(x, t)``, with points in the scale of 1
        z: noise, shape ``(*members, n, d)``
        x: data, same shape
        predict: what the net predicts, a function of :mod:`gen_lib.parametrisations`
        path: from noise to data, affine
        weight: of an error, a function of what the path is made of
        time: draws one time in [0, 1] per pair

    Returns:
        squared error per sample, shape ``(*members, n)``

    References:
        A Connection Between Score Matching and Denoising Autoencoders (Vincent, 2011), doi 10.1162/NECO_a_00142;
        Denoising Diffusion Probabilistic Models (Ho et al., 2020), arXiv 2006.11239

    Example:
        >>> from gen_lib.parametrisations import noise
        >>> z, x = torch.randn(2, 64, 2)
        >>> denoising(lambda x_t, t: z, z, x, predict=noise).max()
        tensor(0.)
    """
    t = time(x)
    at = parts(path, t)
    p, q = predict(at)
    error = predicted(net, at.noise * z + at.data * x, t, at) - (p * z + q * x)
    return weight(at)[..., 0] * error.square().sum(-1)


def field(net: Callable[..., Tensor], predict: Parametrisation, path: Path) -> Velocity:
    """The velocity of the path that a net means.

    Args:
        net: called as ``net(x, t)``, with points in the scale of 1
        predict: what it predicts
        path: the path that it was trained on

    Returns:
        a function of x_t and t
    """

    def followed(x_t: Points, t: Times) -> Points:
        at = coefficients(path, t)
        return convert(predicted(net, x_t, t, at), x_t, at, predict, velocity)

    return followed


@factory
def diffusion(
    predict: Parametrisation | str = velocity,
    *,
    path: Path | str = circle,
    weight: Weight = even,
    time: TimeDraw = uniform,
    coupling: Coupling = independent,
) -> Method:
    r"""Diffusion: a denoiser, learned on a path that preserves the variance, followed by DDIM or by DDPM.

    The default learns the velocity of the quarter circle, also called v-prediction under a cosine schedule. Others::

        diffusion("noise", path="variance_preserving")                                   # DDPM
        diffusion(parametrisations.score, path=..., weight=methods.diffusion.variance)   # denoising score matching
        diffusion(parametrisations.edm, path=paths.variance_exploding(), time=paths.log_normal(...))   # EDM

    Its ``push(net, z, steps=50, eta=0.0, generator=None)`` is :func:`gen_lib.samplers.sde.ddim`.

    Args:
        predict: what the net predicts, a function of :mod:`gen_lib.parametrisations` or its name; noise and score need
            a path that holds some data at the start, since noise alone says nothing of them
        path: from noise to data, affine; or the name of a ready one
        weight: of an error, a function of what the path is made of
        time: draws one time in [0, 1] per pair
        coupling: which noise is paired with which datum

    Raises:
        ValueError: an unknown name; a path that is not affine; one of which the prediction says nothing at an end

    References:
        Denoising Diffusion Probabilistic Models (Ho et al., 2020), arXiv 2006.11239; Denoising Diffusion Implicit
        Models (Song, Meng and Ermon, 2021), arXiv 2010.02502; the cosine: Improved Denoising Diffusion Probabilistic
        Models (Nichol and Dhariwal, 2021), arXiv 2102.09672; v-prediction: Progressive Distillation for Fast Sampling
        of Diffusion Models (Salimans and Ho, 2022), arXiv 2202.00512
    """
    predict = PARAMETRISATIONS[predict] if isinstance(predict, str) else predict
    path = PATHS[path] if isinstance(path, str) else path
    first, last = torch.tensor([[[0.0]], [[1.0]]], dtype=torch.float64)
    for t in (first, last):
        says = determinant(predict, coefficients(path, t)).abs().item()
        if not 1e-6 < says < math.inf:
            raise ValueError(
                f"predict must tell noise and data apart at both ends of the path, got {predict!r}, which does not at "
                f"t = {t.item():g}: take parametrisations.velocity or edm, or a path such as variance_preserving()"
            )
    size = coefficients(path, first).noise.item()  # of the noise at the start of the path

    def loss(net: Callable[..., Tensor], z: Points, x: Points) -> PerSample:
        return denoising(net, z, x, predict, path, weight, time)

    def push(
        net: Callable[..., Tensor], z: Points, steps: int = 50, eta: float = 0.0, generator: Generator | None = None
    ) -> States:
        """From noise to data in steps of DDIM; with eta = 1 those of DDPM, which draw fresh noise."""
        start = size * check.points("z", z)
        return [z, *ddim(field(net, predict, path), start, steps, path, eta, generator=generator)[1:]]

    def encode(net: Callable[..., Tensor], x: Points, steps: int = 50) -> Points:
        """Steps of DDIM backwards, from data to noise."""
        return ddim(field(net, predict, path), x, steps, path, start=1.0, end=0.0)[-1] / size

    def density(net: Callable[..., Tensor], x: Points, rtol: float = 1e-5, atol: float = 1e-5) -> PerSample:
        """The log-density at x of what the velocity makes of noise, followed as an ODE."""
        followed = field(net, predict, path)
        in_units = pushforward_log_prob(lambda y, t: followed(size * y, t) / size, x / size, rtol, atol)
        return in_units - x.shape[-1] * math.log(size)

    return Method(
        architecture=Field,
        turns=(Turn("", loss),),
        push=push,
        encode=encode,
        density=density,
        coupling=coupling,
    )
