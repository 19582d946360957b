"""Particles in a learned field of the plane, which follows the modes of the data wherever they are put."""

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from ... import check, plots, samplers
from ...nets import Field
from .. import export
from ..page import show

SHOWN = 80  # paths in the static picture


@torch.no_grad()
def flow_plane(
    net: Field,
    modes: Tensor,
    *,
    alt: str,
    deviation: float,
    reach: tuple[float, float],
    particles: int = 300,
    steps: int = 16,
) -> None:
    """Particles that travel from noise to data in a learned velocity field; the reader moves the modes of the data.

    The state of a particle has the coordinates of its point and, behind them, those of all modes, which stay where
    they are. So one net holds the field of every such mixture: the field follows a mode that is dragged. A switch
    takes the whole path in one Euler step, which ends at the mean of the data.

    Args:
        net: velocity field in dimension 2 + 2k, of which the first member is shown
        modes: of the data at the start, all of the same weight, shape ``(k, 2)``
        alt: what the figure shows, for those who do not see it
        deviation: standard deviation of each mode
        reach: how far to the right and upwards a mode can be moved from 0, and as far to the left and downwards
        particles: number of them
        steps: Euler steps of a path

    Raises:
        ValueError: a net in another dimension or with two times, modes out of reach or not finite, another size
    """
    check.whole("particles", particles, least=1)
    check.whole("steps", steps, least=2)
    if modes.ndim != 2 or modes.shape[1] != 2 or not len(modes):
        raise ValueError(f"modes must have shape (k, 2), got {[*modes.shape]}")
    if len(reach) != 2 or min(reach) <= 0 or not (modes.abs() <= torch.tensor(reach)).all():
        raise ValueError(f"modes must lie within reach, {reach} from 0, got {modes.tolist()}")
    if not deviation > 0:
        raise ValueError(f"deviation must be positive, got {deviation}")
    wanted = 2 + modes.numel()
    if not isinstance(net, Field) or net.times != 1 or net.dim != wanted:
        found = f"dimension {net.dim} and {net.times} time(s)" if isinstance(net, Field) else type(net).__name__
        raise ValueError(
            f"net must be a velocity field in dimension {wanted}, two and two for each of {len(modes)} modes, "
            f"got {found}"
        )
    spec = {
        "deviation": deviation,
        "modes": modes.tolist(),
        "net": export.net(net.map, 1),
        "noise": export.floats(noise := torch.randn(particles, 2, generator=torch.Generator().manual_seed(0))),
        "reach": reach,
        "steps": steps,
    }
    start = torch.cat([noise, modes.flatten().expand(particles, -1)], -1)
    path = [state.reshape(-1, particles, wanted)[0, :, :2] for state in samplers.euler(net, start, steps)]
    figure = plt.figure(figsize=(5, 5 * reach[1] / reach[0]), layout="constrained")
    axes = figure.subplots()
    plots.states(axes, path, count=SHOWN)
    axes.scatter(modes[:, 0], modes[:, 1], s=60, color=plots.COLORS["data"])
    axes.set(aspect="equal")
    axes.set_axis_off()
    show("flow-plane", spec, figure, alt)
