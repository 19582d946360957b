"""Samplers that draw: stochastic differential equations, and the steps of DDPM and DDIM."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Generator

from .. import check, draws
from ..parametrisations import ends
from ..parametrisations import velocity as speed
from ..paths import Path, coefficients, line
from ..shapes import Points, States, Times
from .ode import Velocity, clock, times

Noise = float | Callable[[Times], Times]  # how strong the noise of a sampler is: a number, or a function of the times


def _strength(sigma: Noise, t: Times) -> Times:
    return sigma(t) if callable(sigma) else sigma * torch.ones_like(t)


def _checked(sigma: Noise) -> None:
    if not callable(sigma):
        check.number("sigma", sigma, least=0)


def _fresh(like: Points, generator: Generator | None) -> Points:
    return draws.normal(tuple(like.shape), generator, like=like)


def keeping(velocity: Velocity, score: Velocity, sigma: Noise) -> Velocity:
    r"""The drift that, with noise of strength sigma, keeps the density of every x_t what the velocity alone makes it.

    .. math:: d x = \left[ v(x, t) + \tfrac12 \sigma_t^2\, s(x, t) \right] dt + \sigma_t\, dW

    The noise spreads the points, the score draws them together, and for each density the two cancel:
    :math:`\nabla \cdot (p_t s) = \Delta p_t`. Any strength will do; 0 is the ODE. This is the equation forwards in
    time, from noise to data; backwards the score has the other sign.

    Args:
        velocity: called as ``velocity(x, t)``
        score: called likewise, gradient of the log-density of x_t
        sigma: strength of the noise, at least 0: a number or a function of the times

    Returns:
        a function of x and t, for :func:`euler_maruyama` and :func:`stochastic_heun` with the same sigma

    Raises:
        ValueError: a negative number

    References:
        Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), arXiv 2011.13456;
        Stochastic Interpolants: A Unifying Framework for Flows and Diffusions (Albergo et al., 2023), arXiv 2303.08797

    Example:
        >>> drift = keeping(lambda x, t: 0 * x, lambda x, t: -x, 2.0)  # N(0, 1) at rest
        >>> drift(torch.ones(1, 1), torch.zeros(1, 1))
        tensor([[-2.]])
    """
    _checked(sigma)
    return partial(_drift, velocity=velocity, score=score, sigma=sigma)


def _drift(x: Points, t: Times, velocity: Velocity, score: Velocity, sigma: Noise) -> Points:
    strength = _strength(sigma, t)
    if not strength.any():  # the score may be infinite there
        return velocity(x, t)
    return velocity(x, t) + strength.square() / 2 * score(x, t)


def euler_maruyama(
    drift: Velocity,
    z: Points,
    steps: int,
    sigma: Noise,
    start: float = 0.0,
    end: float = 1.0,
    generator: Generator | None = None,
) -> States:
    r"""Follow a stochastic differential equation in straight steps with fresh noise: one evaluation each.

    .. math:: x_{t+h} = x_t + h\, f(x_t, t) + \sqrt{|h|}\, \sigma_t\, \varepsilon, \qquad \varepsilon \sim N(0, I)

    What it says of averages over the points is wrong by a multiple of the step: weak order 1.

    Args:
        drift: f, called as ``drift(x, t)`` with ``t`` of shape ``(*members, n, 1)``
        z: points at the time ``start``, shape ``(*members, n, d)``
        steps: number of steps
        sigma: strength of the noise, at least 0: a number or a function of the times
        start: time of z
        end: time of the last state; before ``start`` the equation runs backwards in time
        generator: source of the noise; torch's global one if none is given

    Returns:
        ``steps + 1`` states at :func:`~gen_lib.samplers.ode.times`, z first

    Raises:
        ValueError: as :func:`~gen_lib.samplers.ode.euler`; sigma a negative number

    References:
        Numerical Solution of Stochastic Differential Equations (Kloeden and Platen, 1992), section 14.1

    Example:
        >>> walk = euler_maruyama(lambda x, t: 0 * x, torch.zeros(5, 1), steps=4, sigma=1.0)  # a Brownian motion
        >>> len(walk), walk[-1].shape
        (5, torch.Size([5, 1]))
    """
    states = [check.points("z", z)]
    _checked(sigma)
    for t, r in pairwise(times(steps, start, end)):
        x = states[-1]
        now = clock(t, x)
        there = x + (r - t) * drift(x, now)
        states.append(there + abs(r - t) ** 0.5 * _strength(sigma, now) * _fresh(there, generator))
    return states


def stochastic_heun(
    drift: Velocity,
    z: Points,
    steps: int,
    sigma: Noise,
    start: float = 0.0,
    end: float = 1.0,
    generator: Generator | None = None,
) -> States:
    r"""Follow a stochastic differential equation by the mean of the drift at both ends of a step, with one noise.

    .. math::
        \hat x = x_t + h\, f(x_t, t) + \sqrt{|h|}\, \sigma\, \varepsilon, \qquad
        x_{t+h} = x_t + \tfrac h2 \left[ f(x_t, t) + f(\hat x, t + h) \right] + \sqrt{|h|}\, \sigma\, \varepsilon

    .. math:: \sigma^2 = \tfrac12 (\sigma_t^2 + \sigma_{t+h}^2)

    Two evaluations a step; weak order 2, since the strength of the noise depends on the time alone.

    Args:
        drift: f, called as ``drift(x, t)`` with ``t`` of shape ``(*members, n, 1)``
        z: points at the time ``start``, shape ``(*members, n, d)``
        steps: number of steps
        sigma: strength of the noise, at least 0: a number or a function of the times
        start: time of z
        end: time of the last state; before ``start`` the equation runs backwards in time
        generator: source of the noise; torch's global one if none is given

    Returns:
        ``steps + 1`` states at :func:`~gen_lib.samplers.ode.times`, z first

    Raises:
        ValueError: as :func:`euler_maruyama`

    References:
        Numerical Solution of Stochastic Differential Equations (Kloeden and Platen, 1992), section 15.1

    Example:
        >>> still = stochastic_heun(lambda x, t: x, torch.ones(1, 1), steps=1, sigma=0.0)  # Heun's method
        >>> still[-1].item()
        2.5
    """
    states = [check.points("z", z)]
    _checked(sigma)
    for t, r in pairwise(times(steps, start, end)):
        x = states[-1]
        now, then = clock(t, x), clock(r, x)
        first = drift(x, now)
        spread = ((_strength(sigma, now).square() + _strength(sigma, then).square()) / 2).sqrt()
        kick = abs(r - t) ** 0.5 * spread * _fresh(first, generator)
        ahead = x + (r - t) * first + kick
        states.append(x + (r - t) / 2 * (first + drift(ahead, clock(r, ahead))) + kick)
    return states


def ddim(
    velocity: Velocity,
    z: Points,
    steps: int,
    path: Path = line,
    eta: float = 0.0,
    start: float = 0.0,
    end: float = 1.0,
    generator: Generator | None = None,
) -> States:
    r"""Split a point into noise and data, and put these together as a later point of the path: DDIM, and DDPM.

    .. math:: x_r = b_r\, \hat x + \sqrt{a_r^2 - \varsigma^2}\; \hat z + \varsigma\, \varepsilon, \qquad
        \varsigma = \eta\, a_r \sqrt{1 - \left( \frac{a_r / b_r}{a_t / b_t} \right)^2}

    With :math:`\eta = 0` no noise is drawn: DDIM, which is Euler's method for :math:`x / b` in the variable
    :math:`a / b`, and on the straight path Euler's method as it is. With :math:`\eta = 1` the fresh noise is what the
    path itself would have added between r and t: DDPM's ancestral step. One evaluation a step.

    Args:
        velocity: called as ``velocity(x, t)``, that of the path
        z: points at the time ``start``, shape ``(*members, n, d)``
        steps: number of steps
        path: affine, with a ratio of noise to data that falls in time
        eta: from 0, DDIM, to 1, DDPM
        start: time of z
        end: time of the last state; before ``start`` only without noise
        generator: source of the noise; torch's global one if none is given

    Returns:
        ``steps + 1`` states at :func:`~gen_lib.samplers.ode.times`, z first

    Raises:
        ValueError: as :func:`~gen_lib.samplers.ode.euler`; eta outside [0, 1], or not 0 backwards; a path that is not
            affine

    References:
        Denoising Diffusion Implicit Models (Song, Meng and Ermon, 2021), arXiv 2010.02502; Denoising Diffusion
        Probabilistic Models (Ho et al., 2020), arXiv 2006.11239

    Example:
        >>> [x.item() for x in ddim(lambda x, t: 0 * x + 2, torch.zeros(1, 1), steps=2)]  # the straight path
        [0.0, 1.0, 2.0]
    """
    states = [check.points("z", z)]
    check.fraction("eta", eta)
    if eta > 0 and end < start:
        raise ValueError(f"eta must be 0 backwards, from data to noise, got {eta}")
    for t, r in pairwise(times(steps, start, end)):
        x = states[-1]
        now, then = clock(t, x), clock(r, x)
        here, there = coefficients(path, now), coefficients(path, then)
        z_hat, x_hat = ends(velocity(x, now), x, here, speed)
        if eta == 0:
            states.append(there.data * x_hat + there.noise * z_hat)
            continue
        left = there.noise * here.data / (there.data * here.noise)  # of the noise now, what is still noise then
        fresh = eta * (1 - left.square()).clamp_min(0).sqrt()
        kept = (1 - fresh.square()).sqrt()
        states.append(there.data * x_hat + there.noise * (kept * z_hat + fresh * _fresh(x_hat, generator)))
    return states
