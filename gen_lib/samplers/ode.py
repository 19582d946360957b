"""Samplers that draw nothing: one evaluation, a jump, an ordinary differential equation."""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from .. import check
from ..shapes import Points, States, Times

Velocity: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # (x_t, t) -> v
AverageVelocity: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]  # (x_t, t, r) -> u
Time: TypeAlias = Times | Float[Tensor, ""] | float


def clock(t: Time, x: Points, name: str = "t") -> Times:
    """One time for every point: a number is given to all of them, times without members to all members.

    Args:
        t: time in [0, 1], a number or shape ``(n, 1)`` or ``(*members, n, 1)``
        x: the points, shape ``(n, d)`` or ``(*members, n, d)``
        name: what an error calls the time

    Returns:
        times in the precision of x, shape ``(*members, n, 1)``

    Raises:
        ValueError: a time outside [0, 1] or of another shape

    Example:
        >>> clock(0.5, torch.zeros(2, 3)).tolist()
        [[0.5], [0.5]]
        >>> clock(1.5, torch.zeros(2, 3))
        Traceback (most recent call last):
        ValueError: t must lie from 0 to 1, got 1.5
    """
    time = torch.as_tensor(t, dtype=check.precision("x", x).dtype, device=x.device)
    members = {tuple(time.shape[:-2]), tuple(x.shape[:-2])} - {()}
    if time.ndim and (time.shape[-2:] != (x.shape[-2], 1) or len(members) > 1):
        raise ValueError(f"{name} must be a number or have shape {(*x.shape[:-1], 1)}, got {tuple(time.shape)}")
    bad = ~((time >= 0) & (time <= 1))  # so that NaN is bad, too
    if bad.any():
        raise ValueError(f"{name} must lie from 0 to 1, got {time[bad][0].item():g}")
    return time.expand(*max(members, default=()), x.shape[-2], 1)


def times(steps: int, start: float = 0.0, end: float = 1.0) -> list[float]:
    r"""The times of the states of a sampler, equally spaced.

    .. math:: t_i = \left(1 - \tfrac i n\right) t_{\text{start}} + \tfrac i n\, t_{\text{end}}, \qquad i = 0, \dots, n

    Args:
        steps: number of steps, at least 1
        start: time of the first state
        end: time of the last one, before or after

    Returns:
        ``steps + 1`` times

    Raises:
        ValueError: no steps, a time outside [0, 1], nothing between start and end

    Example:
        >>> times(4)
        [0.0, 0.25, 0.5, 0.75, 1.0]
        >>> times(2, start=1.0, end=0.0)
        [1.0, 0.5, 0.0]
    """
    steps = check.whole("steps", steps, least=1)
    check.fraction("start", start)
    check.fraction("end", end)
    if start == end:
        raise ValueError(f"end must differ from start, got {end} for both")
    return [(start * (steps - i) + end * i) / steps for i in range(steps + 1)]  # the last is end to the bit


def once(net: Callable[[Tensor], Tensor], z: Points) -> States:
    """One evaluation from noise to data: decoders and generators.

    Args:
        net: called as ``net(z)``
        z: noise, shape ``(*members, n, latent)``

    Returns:
        ``[z, net(z)]``

    Raises:
        ValueError: noise that is empty or not finite

    Example:
        >>> [x.item() for x in once(lambda z: 2 * z, torch.ones(1, 1))]
        [1.0, 2.0]
    """
    return [check.points("z", z), net(z)]


def euler(velocity: Velocity, z: Points, steps: int, start: float = 0.0, end: float = 1.0) -> States:
    r"""Follow the velocity in straight steps: one evaluation each, an error proportional to their length.

    .. math:: x_{t+h} = x_t + h\, v(x_t, t)

    Args:
        velocity: called as ``velocity(x, t)`` with ``t`` of shape ``(*members, n, 1)``
        z: points at the time ``start``, shape ``(*members, n, d)``
        steps: number of steps
        start: time of z
        end: time of the last state; before ``start`` the field is followed backwards

    Returns:
        ``steps + 1`` states at :func:`times`, z first

    Raises:
        ValueError: as :func:`times`; points that are empty or not finite

    References:
        Solving Ordinary Differential Equations I (Hairer, Nørsett and Wanner, 1993), section II.1

    Example:
        >>> euler(lambda x, t: x, torch.ones(1, 1), steps=2)[-1].item()
        2.25
    """
    states = [check.points("z", z)]
    for t, r in pairwise(times(steps, start, end)):
        x = states[-1]
        states.append(x + (r - t) * velocity(x, clock(t, x)))
    return states


def heun(velocity: Velocity, z: Points, steps: int, start: float = 0.0, end: float = 1.0) -> States:
    r"""Follow the velocity by the mean of both ends of a step: two evaluations, an error of second order.

    .. math::
        \hat x = x_t + h\, v(x_t, t), \qquad
        x_{t+h} = x_t + \tfrac h2 \left[ v(x_t, t) + v(\hat x, t + h) \right]

    Args:
        velocity: called as ``velocity(x, t)`` with ``t`` of shape ``(*members, n, 1)``
        z: points at the time ``start``, shape ``(*members, n, d)``
        steps: number of steps
        start: time of z
        end: time of the last state; before ``start`` the field is followed backwards

    Returns:
        ``steps + 1`` states at :func:`times`, z first

    Raises:
        ValueError: as :func:`euler`

    References:
        Elucidating the Design Space of Diffusion-Based Generative Models (Karras et al., 2022), arXiv 2206.00364

    Example:
        >>> heun(lambda x, t: x, torch.ones(1, 1), steps=1)[-1].item()
        2.5
    """
    states = [check.points("z", z)]
    for t, r in pairwise(times(steps, start, end)):
        x = states[-1]
        v = velocity(x, clock(t, x))
        there = x + (r - t) * v
        ahead = velocity(there, clock(r, there))
        states.append(x + (r - t) / 2 * (v + ahead))
    return states


def jump(average_velocity: AverageVelocity, z: Points, steps: int = 1, start: float = 0.0, end: float = 1.0) -> States:
    r"""Jump by the average velocity: exact in one step, if the average velocity is.

    .. math:: x_r = x_t + (r - t)\, u(x_t, t, r)

    Args:
        average_velocity: called as ``average_velocity(x, t, r)`` with times of shape ``(*members, n, 1)``
        z: points at the time ``start``, shape ``(*members, n, d)``
        steps: number of jumps
        start: time of z
        end: time of the last state; before ``start`` it is a jump back, for maps that learned both ways

    Returns:
        ``steps + 1`` states at :func:`times`, z first

    Raises:
        ValueError: as :func:`euler`

    References:
        Mean Flows for One-step Generative Modeling (Geng et al., 2025), arXiv 2505.13447

    Example:
        >>> [x.item() for x in jump(lambda x, t, r: 0 * x + 2, torch.zeros(1, 1), steps=2)]
        [0.0, 1.0, 2.0]
    """
    states = [check.points("z", z)]
    for t, r in pairwise(times(steps, start, end)):
        x = states[-1]
        states.append(x + (r - t) * average_velocity(x, clock(t, x), clock(r, x)))
    return states


def adaptive(
    velocity: Velocity,
    z: Points,
    rtol: float = 1e-5,
    atol: float = 1e-5,
    steps: int = 1,
    start: float = 0.0,
    end: float = 1.0,
) -> States:
    r"""Follow the velocity with steps that the error decides (Dormand and Prince, order 5).

    .. math:: \frac{d x_t}{d t} = v(x_t, t), \qquad | \text{error of a step} | \le \text{atol} + \text{rtol}\, |x|

    The bound holds for the worst coordinate of the worst point, all members together. The solver keeps its state in
    float64 and evaluates the velocity in the precision of z: a tight tolerance does not drown in rounding.

    Args:
        velocity: called as ``velocity(x, t)`` with ``t`` of shape ``(*members, n, 1)``
        z: points at the time ``start``, shape ``(*members, n, d)``
        rtol: error allowed per step, relative to the point
        atol: error allowed per step, in the units of the data
        steps: number of states wanted after z; how many steps the solver takes between them is up to it
        start: time of z
        end: time of the last state; before ``start`` the field is followed backwards

    Returns:
        ``steps + 1`` states at :func:`times`, z first

    Raises:
        ValueError: as :func:`euler`; a tolerance that is not positive
        AssertionError: by the solver, for a velocity that is not finite or too steep to be followed

    References:
        A family of embedded Runge-Kutta formulae (Dormand and Prince, 1980), doi 10.1016/0771-050X(80)90013-3;
        torchdiffeq (Chen, 2018), https://github.com/rtqichen/torchdiffeq

    Example:
        >>> x = adaptive(lambda x, t: x, torch.ones(1, 1), rtol=1e-8, atol=1e-8)[-1]
        >>> round(x.item(), 5)
        2.71828
    """
    from torchdiffeq import odeint  # here, since it imports scipy

    check.points("z", z)
    check.number("rtol", rtol, above=0)
    check.number("atol", atol, above=0)
    grid = torch.tensor(times(steps, start, end), dtype=torch.float64, device=z.device)

    def slope(t: Tensor, state: Tensor) -> Tensor:
        x = state.to(z)
        return velocity(x, clock(t, x)).to(state)

    def followed(t: Tensor, state: Tensor) -> Tensor:
        return known.pop() if known else slope(t, state)

    # The first evaluation says which members there are; the solver, which would begin with the same, is given it.
    known = [slope(grid[0], z.double())]
    states = [z.double().expand_as(known[0])]
    for ends in grid.unfold(0, 2, 1):  # one state after the other: a solver left to itself steps over, and interpolates
        # Without step_t and first_step it would also evaluate the field beyond the end, where it was never learned.
        first = (ends[1] - ends[0]).abs() / 20
        options = {"norm": lambda error: error.abs().max(), "step_t": ends[1:], "first_step": first}
        states.append(odeint(followed, states[-1], ends, rtol=rtol, atol=atol, method="dopri5", options=options)[-1])
    return [z, *(state.to(z) for state in states[1:])]
