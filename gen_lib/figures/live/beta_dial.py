"""What the price of a nat does to the codes of a VAE."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Ellipse
from torch import Tensor

from ... import check, draws, metrics, plots
from ...methods.vae import kl_per_latent, posterior
from ...nets import Autoencoder
from .. import export
from ..page import show
from .codes import decoder_of, edge_of, greys, ticks_of

DRAWS = 8  # of a code from its posterior


def beta_dial(
    net: Autoencoder,
    prices: Tensor,
    distortion: Tensor,
    rate: Tensor,
    x: Tensor,
    *,
    alt: str,
    digits: Mapping[str, int],
    start: int = 0,
) -> None:
    """A dial over nets that were trained at different prices of a nat: where each stands, its codes, its copies.

    The reader turns the price, and decodes the mean of the posterior or draws from it. The plane shows the two latents
    with the highest KL over the images; circles and ellipses are one standard deviation of posteriors, and one and two
    of the prior. The first net of each price is shown.

    Args:
        net: a trained VAE whose members form a table, a row per price and a column per seed
        prices: the weight beta of each row, rising
        distortion: mean over the images in nats, a row per price and a column per seed
        rate: the same
        x: square images in [0, 1], shape ``(n, d)``
        alt: what the figure shows, for those who do not see it
        digits: name to index in x of the images that are copied, at most eight
        start: the row shown at first

    Raises:
        ValueError: tables of another shape or not finite, prices that do not rise, images that are not square or not
            what the net encodes, indices beyond x, a net without variances or one that has diverged
        TypeError: a decoder or a likelihood that the script does not know
    """
    edge = edge_of(x, net)
    if prices.ndim != 1 or not prices.isfinite().all() or not (prices.diff() > 0).all():
        raise ValueError(f"prices must be finite and rise, got {prices.tolist()}")
    rows = len(prices)
    if len(net.members) != 2 or net.members[0] != rows or net.latent < 2:
        raise ValueError(
            f"net must have a row of members for each of {rows} prices, and two latents or more, got members "
            f"{tuple(net.members)} and {net.latent} latents"
        )
    for name, table in (("distortion", distortion), ("rate", rate)):
        check.number(name, table)
        if table.shape != net.members:
            raise ValueError(
                f"{name} must have the shape of the members, {tuple(net.members)}, got {tuple(table.shape)}"
            )
    if net.encoder(x[:1]).shape[-1] != 2 * net.latent:
        raise ValueError("net must be a VAE, whose encoder gives a mean and a variance per latent")
    for name, place in {**{f"digits[{name!r}]": place for name, place in digits.items()}, "start": start}.items():
        check.whole(name, place, least=0)
    if not 1 <= len(digits) <= 8 or max(digits.values()) >= len(x):
        raise ValueError(f"digits must be one to eight indices below {len(x)}, got {dict(digits)}")
    if start >= rows:
        raise ValueError(f"start must be a row from 0 to {rows - 1}, got {start}")
    decoder = decoder_of(net, slice(0, None, net.members[1]))
    some = list(digits.values())
    with torch.no_grad():
        mean, log_variance = (part[:, 0] for part in posterior(net, x))
    spread = (log_variance / 2).exp()
    if not (mean.isfinite().all() and spread.isfinite().all()):
        raise ValueError("net must encode x as finite numbers, which it does not; its training may have diverged")
    used = kl_per_latent(mean, log_variance).mean(-2).argsort(descending=True)[:, :2]
    dots = mean.gather(-1, used[:, None].expand(-1, len(x), -1))
    active = metrics.active_units(mean)
    far = float(dots.abs().max().clamp_min(3) * 1.05)
    spec: dict[str, Any] = {
        "active": active.int().tolist(),
        "curve": _axes(rate[:, 0], distortion[:, 0]),
        "decoder": decoder,
        "distortions": distortion[:, 0].tolist(),
        "dots": export.shorts(dots),
        "draws": DRAWS,
        "edge": edge,
        "images": greys(x[some]),
        "latent": net.latent,
        "means": export.floats(mean[:, some]),
        "names": list(digits),
        "noise": export.floats(draws.normal((DRAWS, len(some), net.latent), torch.Generator().manual_seed(0))),
        "plane": {"x": [-far, far], "y": [-far, far], "xTicks": ticks_of(-far, far), "yTicks": ticks_of(-far, far)},
        "prices": [float(f"{price:.4g}") for price in prices.tolist()],
        "rates": rate[:, 0].tolist(),
        "spreads": export.floats(spread[:, some]),
        "start": start,
        "used": used.tolist(),
    }
    figure = plt.figure(figsize=(5, 4))
    grid = figure.add_gridspec(2, 2, height_ratios=[2, 1])
    curve, plane, copied = (figure.add_subplot(place) for place in (grid[0, 0], grid[0, 1], grid[1, :]))
    curve.plot(rate[:, 0], distortion[:, 0], "o-", color=plots.COLORS["output"], markersize=4)
    here = rate[start, 0].item(), distortion[start, 0].item()
    curve.axline(here, slope=-prices[start].item(), color="black", ls="--", lw=1)
    for price, r, d in zip(spec["prices"], rate[:, 0], distortion[:, 0], strict=True):
        curve.annotate(f"{price:g}", (r, d), (5, 3), textcoords="offset points")
    curve.plot(*here, "o", color=plots.COLORS["output"], markersize=9, mec="black")
    curve.set(xlabel="rate R (nats)", ylabel="distortion D (nats)", xlim=spec["curve"]["x"], ylim=spec["curve"]["y"])
    plane.scatter(dots[start, :, 0], dots[start, :, 1], s=4, color=plots.COLORS["latent"], alpha=0.5, linewidths=0)
    plots.prior_circles(plane)
    for name, place in digits.items():
        (i, j), (a, b) = (part[start, place, used[start]].tolist() for part in (mean, spread))
        plane.add_patch(Ellipse((i, j), 2 * a, 2 * b, fill=False, color=plots.COLORS["encode"]))
        plane.annotate(name, (i, j), (3, 2), textcoords="offset points")
    plane.set(xlabel="most used latent", ylabel="second", xlim=(-far, far), ylim=(-far, far), aspect="equal")
    with torch.no_grad():
        copies = net.decode(mean[:, None])[start, 0, some]
    plots.images(copied, torch.cat([x[some], copies]), columns=len(some), titles=["test", "copy"])
    show("beta-dial", spec, figure, alt)


def _axes(x: Tensor, y: Tensor) -> dict[str, list[float]]:
    """Axes of a curve, with room for a number at each of its points."""
    ends = {}
    for key, values in (("x", x), ("y", y)):
        low, high = values.min().item(), values.max().item()
        room = 0.12 * max(high - low, 1.0)
        ends[key] = [round(low - room / 2, 2), round(high + room, 2)]
    return ends | {f"{key}Ticks": ticks_of(*span) for key, span in ends.items()}
