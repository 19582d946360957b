"""The codes of autoencoders: a plane to walk in, and what a price does to it."""

import base64
from collections.abc import Mapping
from math import isqrt
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Ellipse
from torch import Tensor

from ... import check, draws, metrics, plots
from ...likelihoods import Bernoulli, Gaussian, LearnedGaussian, OptimalGaussian, identity
from ...method import Method
from ...methods.vae import kl_per_latent, posterior
from ...nets import MLP, Autoencoder
from ...plots.style import one_member
from ...shapes import Codes
from .. import export
from ..page import show

DRAWS = 8  # of a code from its posterior


def latent_explorer(
    nets: Mapping[str, tuple[Method, Autoencoder]],
    x: Tensor,
    labels: Tensor,
    *,
    alt: str,
    start: tuple[int, int] = (7, 1),
) -> None:
    """A point in the latent plane of each net, decoded as it moves.

    The reader drags the point or moves its two sliders, and chooses two classes: a slider leads the points of all nets
    along the straight way between the codes of the first images of both. Of a code with more than two numbers the first
    two are moved; the others stay at their mean over the images.

    Args:
        nets: name to a method and its trained net, of which the first member is shown
        x: square images in [0, 1], shape ``(n, d)``
        labels: the class of each, whole numbers of shape ``(n,)``, at most ten different ones
        alt: what the figure shows, for those who do not see it
        start: the two classes between which the way leads at first

    Raises:
        ValueError: no nets, images that are not square or not what the nets encode, labels that do not fit, fewer than
            two numbers in a code, nets that have diverged
        TypeError: a decoder or a likelihood that the script does not know
    """
    if not nets:
        raise ValueError("nets must hold at least one method with its net, got none")
    edge = _edge(x, *(net for _, net in nets.values()))
    classes = labels.unique().tolist()
    if labels.is_floating_point():
        raise ValueError(f"labels must be whole numbers, got {labels.dtype}")
    if labels.shape != x.shape[:1] or not 2 <= len(classes) <= len(plots.CLASSES):
        raise ValueError(
            f"labels must give each of the {len(x)} images one of two to ten classes, "
            f"got shape {tuple(labels.shape)} and {len(classes)} classes"
        )
    if len(start) != 2 or start[0] == start[1] or not set(start) <= set(classes):
        raise ValueError(f"start must be two different ones of {classes}, got {start}")
    examples = [int((labels == k).nonzero()[0, 0]) for k in classes]
    ends = [examples[classes.index(k)] for k in start]
    decoders = {name: _decoder(net, slice(1)) for name, (_, net) in nets.items()}
    codes = {name: _codes(name, *pair, x) for name, pair in nets.items()}

    figure = plt.figure(figsize=(5, 3.4))
    grid = figure.subplots(2, len(nets), height_ratios=[3, 1], squeeze=False)
    models = []
    for (name, (_, net)), ax, row in zip(nets.items(), *grid, strict=True):
        places, rest = codes[name][:, :2], codes[name][:, 2:].mean(0)
        with torch.no_grad():
            first = net.decode(torch.cat([places[ends[0]], rest])[None])
        axes = _square(places)
        ticks = {f"{key}Ticks": _ticks(*span) for key, span in axes.items()}
        models.append(
            {
                "name": name,
                "decoder": decoders[name],
                "places": export.floats(places),
                "rest": rest.tolist(),
                "axes": axes | ticks,
            }
        )
        _plane(ax, places, labels, places[ends])
        ax.set(title=name, xlabel="$z_1$", ylabel="$z_2$", xlim=axes["x"], ylim=axes["y"], aspect="equal")
        plots.images(row, torch.stack([x[ends[0]], one_member(first)[0], x[ends[1]]]), columns=3)
    spec = {
        "colours": [plots.CLASSES[k % 10] for k in classes],
        "classes": classes,
        "edge": edge,
        "examples": examples,
        "images": _greys(x[examples]),
        "labels": labels.tolist(),
        "models": models,
        "start": [classes.index(k) for k in start],
    }
    show("latent-explorer", spec, figure, alt)


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
        digits: name to place in x of the images that are copied, at most eight
        start: the row shown at first

    Raises:
        ValueError: tables of another shape or not finite, prices that do not rise, images that are not square or not
            what the net encodes, places beyond x, a net without variances or one that has diverged
        TypeError: a decoder or a likelihood that the script does not know
    """
    edge = _edge(x, net)
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
        raise ValueError(f"digits must be one to eight places below {len(x)}, got {dict(digits)}")
    if start >= rows:
        raise ValueError(f"start must be a row from 0 to {rows - 1}, got {start}")
    decoder = _decoder(net, slice(0, None, net.members[1]))
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
        "images": _greys(x[some]),
        "latent": net.latent,
        "means": export.floats(mean[:, some]),
        "names": list(digits),
        "noise": export.floats(draws.normal((DRAWS, len(some), net.latent), torch.Generator().manual_seed(0))),
        "plane": {"x": [-far, far], "y": [-far, far], "xTicks": _ticks(-far, far), "yTicks": _ticks(-far, far)},
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
    _prior(plane)
    for name, place in digits.items():
        (i, j), (a, b) = (part[start, place, used[start]].tolist() for part in (mean, spread))
        plane.add_patch(Ellipse((i, j), 2 * a, 2 * b, fill=False, color=plots.COLORS["encode"]))
        plane.annotate(name, (i, j), (3, 2), textcoords="offset points")
    plane.set(xlabel="most used latent", ylabel="second", xlim=(-far, far), ylim=(-far, far), aspect="equal")
    with torch.no_grad():
        copies = net.decode(mean[:, None])[start, 0, some]
    plots.images(copied, torch.cat([x[some], copies]), columns=len(some), titles=["test", "copy"])
    show("beta-dial", spec, figure, alt)


def _codes(name: str, method: Method, net: Autoencoder, x: Tensor) -> Codes:
    """Of the first member, shape ``(n, latent)``."""
    if method.encode is None or net.latent < 2:
        raise ValueError(f"nets must encode x as two numbers or more, which {name!r} does not")
    with torch.no_grad():
        codes = method.encode(net, x)
    if not codes.isfinite().all():
        raise ValueError(
            f"nets must encode x as finite numbers, which {name!r} does not; its training may have diverged"
        )
    return one_member(codes)


def _edge(x: Tensor, *nets: Autoencoder) -> int:
    """Of square images that the nets can encode."""
    edge = isqrt(check.points("x", x).shape[-1])
    if x.ndim != 2 or edge**2 != x.shape[-1] or x.min() < 0 or x.max() > 1:
        found = f"shape {tuple(x.shape)} and values from {x.min():g} to {x.max():g}"
        raise ValueError(f"x must be square images in [0, 1] of shape (n, d), got {found}")
    for net in nets:
        check.points("x", x, net.dim)
    return edge


def _decoder(net: Autoencoder, members: slice) -> dict[str, Any]:
    """The decoder with the activation that makes its output a mean."""
    likelihood = net.likelihood
    if not isinstance(net.decoder, MLP):
        raise TypeError(f"the decoder must be an MLP, got {type(net.decoder).__name__}")
    spec = export.net(net.decoder, members, small=True)
    if isinstance(likelihood, Bernoulli):
        return {**spec, "layers": [*spec["layers"], "sigmoid"]}
    if isinstance(likelihood, Gaussian | LearnedGaussian | OptimalGaussian) and likelihood.activation is identity:
        return spec
    raise TypeError(f"the likelihood must be Bernoulli or Gaussian without an activation, got {likelihood!r}")


def _greys(x: Tensor) -> str:
    """Images in [0, 1] as one byte per pixel."""
    return base64.b64encode((255 * x).round().byte().cpu().numpy().tobytes()).decode()


def _square(codes: Tensor) -> dict[str, list[float]]:
    """Axes of one scale around all codes and the circle of two standard deviations."""
    low, high = codes.amin(0).clamp_max(-2), codes.amax(0).clamp_min(2)
    half = 0.54 * float((high - low).max())
    return {
        key: [round(middle - half, 2), round(middle + half, 2)]
        for key, middle in zip("xy", ((low + high) / 2).tolist(), strict=True)
    }


def _ticks(low: float, high: float) -> list[float]:
    """A few round numbers between two ends."""
    found = ticker.MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(f"{tick:.6g}") for tick in found if low <= tick <= high]


def _axes(x: Tensor, y: Tensor) -> dict[str, list[float]]:
    """Axes of a curve, with room for a number at each of its points."""
    ends = {}
    for key, values in (("x", x), ("y", y)):
        low, high = values.min().item(), values.max().item()
        room = 0.12 * max(high - low, 1.0)
        ends[key] = [round(low - room / 2, 2), round(high + room, 2)]
    return ends | {f"{key}Ticks": _ticks(*span) for key, span in ends.items()}


def _prior(ax: Axes) -> None:
    """One and two standard deviations of the noise."""
    for radius in (1, 2):
        ax.add_patch(Circle((0, 0), radius, fill=False, color=plots.COLORS["prior"], linewidth=1.5))


def _plane(ax: Axes, codes: Tensor, labels: Tensor, ends: Tensor) -> None:
    """The latent plane at the start: codes by class, the noise, and the way with the point at its start."""
    plots.scatter_by_class(ax, codes, labels, size=6)
    _prior(ax)
    ax.plot(*ends.T, color="black", ls="--", marker="o", markersize=3, zorder=4)
    ax.plot(*ends[0], "o", color=plots.COLORS["decode"], mec="black", markersize=9, zorder=5)
