"""Particles in a velocity field."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch

from ... import plots, samplers, truth
from ...data import GaussianMixture
from ...nets import Field
from .. import export
from ..page import show


def flow_lab(
    mixture: GaussianMixture, fields: Mapping[str, Field], *, alt: str, particles: int = 100, steps: int = 8
) -> None:
    """Particles in the exact velocity field of a mixture on the line, or in learned ones.

    The reader chooses the field, the sampler and its steps, and the time; and moves the heaps of the mixture, which the
    exact field follows.

    Args:
        mixture: two Gaussians on the line, the lower one first
        fields: name to a trained velocity field, of which the first member is shown
        alt: what the figure shows, for those who do not see it
        particles: so many, at quantiles of the noise
        steps: of the sampler at the start

    Raises:
        ValueError: another mixture
    """
    if mixture.dim != 1 or len(mixture.weights) != 2 or mixture.means[0, 0] >= mixture.means[1, 0]:
        raise ValueError(f"mixture must be of two Gaussians on the line, the lower one first, got {mixture!r}")
    share = (torch.arange(particles, dtype=torch.float64) + 0.5) / particles
    noise = torch.special.ndtri(share)[:, None]
    path = samplers.euler(lambda x, t: truth.velocity(mixture, x, t), noise, steps)
    figure = plt.figure(figsize=(5, 3))
    plots.states(figure.subplots(), path, count=particles)
    spec = {
        "fields": {name: export.net(field.map, 1) for name, field in fields.items()},
        "label": alt,
        "mixture": export.mixture(mixture),
        "noise": export.floats(noise),
        "steps": steps,
    }
    show("flow-lab", spec, figure, alt)
