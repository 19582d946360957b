"""Particles in a velocity field."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch

from ... import check, plots, samplers, truth
from ...data import GaussianMixture
from ...nets import Field
from .. import export
from ..page import show

STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50)  # of the slider


def flow_lab(
    mixture: GaussianMixture, fields: Mapping[str, Field], *, alt: str, particles: int = 100, steps: int = 8
) -> None:
    """Particles in the exact velocity field of a mixture on the line, or in learned ones.

    The reader chooses the field, the sampler and its steps, and the time; and moves the modes of the mixture, which the
    exact field follows.

    Args:
        mixture: two Gaussians on the line, the lower one first
        fields: name to a trained velocity field, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        particles: number of them, at quantiles of the noise
        steps: of the sampler at the start

    Raises:
        ValueError: another mixture, one whose modes or weights are not on the sliders, a field that is not a velocity
            on the line or has the name "exact", no particles, another number of steps
    """
    if mixture.dim != 1 or len(mixture.weights) != 2 or mixture.means[0, 0] >= mixture.means[1, 0]:
        raise ValueError(f"mixture must be of two Gaussians on the line, the lower one first, got {mixture!r}")
    places, below = mixture.means[:, 0], mixture.weights[0]
    on_sliders = [(4 * places, -16, 16), (20 * below, 1, 19)]
    if any(((v - v.round()).abs() > 1e-4).any() or v.min() < low or v.max() > high for v, low, high in on_sliders):
        raise ValueError(
            "mixture must have its modes at quarters from -4 to 4 and weights in twentieths, where sliders can stand, "
            f"got modes at {places.tolist()} and a lower weight of {below.item():g}"
        )
    export.check_fields(fields, times=1)
    if "exact" in fields:
        raise ValueError('fields must leave the name "exact" to the exact velocity')
    if steps not in STEPS:
        raise ValueError(f"steps must be one of {', '.join(map(str, STEPS))}, got {steps!r}")
    check.whole("particles", particles, least=1)
    share = (torch.arange(particles, dtype=torch.float64) + 0.5) / particles
    noise = torch.special.ndtri(share)[:, None]
    path = samplers.euler(lambda x, t: truth.velocity(mixture, x, t), noise, steps)
    figure = plt.figure(figsize=(5, 3))
    plots.states(figure.subplots(), path, count=particles)
    spec = {
        "fields": [[name, export.net(field.map, 1)] for name, field in fields.items()],
        "mixture": export.mixture(mixture),
        "noise": export.floats(noise),
        "counts": STEPS,
        "steps": steps,
    }
    show("flow-lab", spec, figure, alt)
