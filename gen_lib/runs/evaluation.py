"""What a run is worth on a part of its data: one table of numbers, with error bars over its members."""

import json
from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from .. import metrics
from ..data import GaussianMixture
from ..train import held_out_loss
from ..train.stopping import evaluating
from .loading import Loaded
from .settings import WITH_CODES

MOST = 2000  # points compared in a distance
CODES = 10  # drawn for each point: with one, the noise of the draw is as large as the spread of members
FEW = 200  # points of which a density is computed: a flow's costs an ODE each


def evaluate(run: Loaded, split: str = "test", seed: int = 0) -> dict[str, Tensor]:
    """Measure a run on the points of a split.

    Args:
        run: from :func:`~gen_lib.runs.loading.load`
        split: ``train``, ``validation`` or ``test``
        seed: of the noise; no training draws these numbers

    Returns:
        name of a measure to one number per member: the loss, the distance of samples from the points, and, where the
        method has them, the reconstruction error, both halves of the ELBO and the log-likelihood, in nats

    Raises:
        UnknownName: no such split
    """
    points = run.source.part(split, Generator().manual_seed(2**33 + seed))
    few = torch.randperm(len(points), generator=Generator().manual_seed(seed))[:MOST]
    with evaluating(run.net, seed) as weight:
        found = {name: measure() for name, measure in _measures(run, points.to(weight), points[few].to(weight))}
    return {name: value.detach().cpu() for name, value in found.items()}


def _measures(run: Loaded, points: Tensor, few: Tensor) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    method, net = run.method, run.net
    if len(method.turns) == 1:
        yield "loss", lambda: held_out_loss(method, points)(net)
    generator = Generator(few.device).manual_seed(0)
    samples = method.sample(net, len(few), generator)
    if net.dim == 1:
        target = run.source.target
        exact = target if isinstance(target, GaussianMixture) else few
        yield "W1", lambda: metrics.w1(samples, exact)
    else:
        yield "sliced W2", lambda: metrics.sliced_w2(samples, few)
    if method.encode is not None:
        yield "reconstruction error", lambda: metrics.reconstruction_error(method, net, points)
    if run.settings.method in WITH_CODES and method.density is not None:
        bound = metrics.elbo(net, points, CODES)  # type: ignore[arg-type]
        yield "reconstruction, nats", lambda: bound.reconstruction
        yield "KL, nats", lambda: bound.kl.sum(-1)
        yield "ELBO, nats", lambda: bound.value
    if method.density is not None:
        name = "log p(x), nats" if run.settings.method not in WITH_CODES else "bound of log p(x), nats"
        yield name, lambda: method.log_prob(net, few[:FEW]).mean(-1)


def as_text(found: dict[str, Tensor]) -> str:
    """A line for each measure: mean and standard deviation over members."""
    width = max(map(len, found))
    return "\n".join(f"{name.ljust(width)}  {_spread(value)}" for name, value in found.items())


def as_json(found: dict[str, Tensor]) -> str:
    """All values of each measure."""
    return json.dumps({name: value.tolist() for name, value in found.items()}, indent=2) + "\n"


def _spread(values: Tensor) -> str:
    return f"{values.mean():.4g}" + (f" ± {values.std():.2g}, {values.numel()} members" if values.numel() > 1 else "")
