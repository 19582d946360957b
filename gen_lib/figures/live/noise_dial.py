"""The same start with and without noise in the sampler."""

from collections.abc import Mapping
from functools import partial

import matplotlib.pyplot as plt
import torch

from ... import check, plots, samplers, truth
from ...data import GaussianMixture
from ...nets import Field
from ...shapes import Points, States, Times
from .. import export
from ..page import show

SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # of the slider
STEPS = (5, 10, 20, 50, 100)


def noise_dial(
    mixture: GaussianMixture,
    fields: Mapping[str, Field],
    *,
    alt: str,
    particles: int = 400,
    sigma: float = 1.0,
    steps: int = 50,
) -> None:
    r"""Particles that follow the velocity of a mixture on the line, and the same with noise that keeps every marginal.

    .. math:: d x = \left[ v + \tfrac12 \sigma_t^2 s \right] dt + \sigma_t\, dW, \qquad
        \sigma_t = \sigma \sqrt{1 - t}, \qquad s = \frac{t v - x}{1 - t}

    The reader chooses sigma, the steps of Euler and Maruyama, the time, and whether the field is exact or learned; the
    histograms at that time stand over the exact density.

    Args:
        mixture: on the line
        fields: name to a trained velocity field on the straight path, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        particles: number of them, at quantiles of the noise
        sigma: strength of the noise at the start
        steps: of the sampler at the start

    Raises:
        ValueError: a mixture in another dimension, a field that is not a velocity on the line or has the name "exact",
            no particles, a sigma or a number of steps that the sliders do not have
    """
    if mixture.dim != 1:
        raise ValueError(f"mixture must be on the line, got dimension {mixture.dim}")
    export.check_fields(fields, times=1)
    if "exact" in fields:
        raise ValueError('fields must leave the name "exact" to the exact velocity')
    for name, value, allowed in (("sigma", sigma, SIGMAS), ("steps", steps, STEPS)):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, got {value!r}")
    check.whole("particles", particles, least=1)
    fraction = (torch.arange(particles, dtype=torch.float64) + 0.5) / particles
    noise = torch.special.ndtri(fraction)[:, None]
    figure = plt.figure(figsize=(5, 3))
    for axes, strength in zip(figure.subplots(1, 2, sharey=True), (0.0, sigma), strict=True):
        plots.states(axes, _followed(mixture, noise, steps, strength), count=20)
        axes.set(title=f"with noise {strength:g}" if strength else "without noise")
    spec = {
        "fields": [[name, export.net(field.map, 1)] for name, field in fields.items()],
        "mixture": export.mixture(mixture),
        "noise": export.floats(noise),
        "sigmas": SIGMAS,
        "counts": STEPS,
        "sigma": sigma,
        "steps": steps,
    }
    show("noise-dial", spec, figure, alt)


def _followed(mixture: GaussianMixture, z: Points, steps: int, sigma: float) -> States:
    """Particles on their way with noise, by the exact field."""

    def strength(t: Times) -> Times:
        return sigma * (1 - t).sqrt()

    drift = samplers.keeping(partial(truth.velocity, mixture), partial(truth.score, mixture), strength)
    return samplers.euler_maruyama(drift, z, steps, strength, generator=torch.Generator().manual_seed(0))
