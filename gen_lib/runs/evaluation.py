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

MOST, FEW = 2000, 500  # points; a tenth of them have their density computed
CODES = 10  # drawn for each point: with one, the noise of the draw is as large as the spread of members


def evaluate(run: Loaded, split: str = "test", seed: int = 0, quick: bool = False) -> dict[str, Tensor]:
    """Measure a run on the points of a split.

    Args:
        run: from :func:`~gen_lib.runs.loading.load`
        split: ``train``, ``validation`` or ``test``
        seed: of the noise; no training draws these numbers
        quick: on fewer points, and without what may take longer than a short training: the likelihood of a flow

    Returns:
        one number per member for each measure, by its name. These are the loss, the distance of samples from the
        points, and, where the method has them, the reconstruction error, both halves of the ELBO and the
        log-likelihood, in nats

    Raises:
        UnknownName: no such split
    """
    points = run.source.part(split, Generator().manual_seed(2**33 + seed))
    points = points[torch.randperm(len(points), generator=Generator().manual_seed(seed))[: FEW if quick else MOST]]
    with evaluating(run.net, seed) as weight:
        found = {name: measure() for name, measure in _measures(run, points.to(weight), seed, quick)}
    return {name: value.detach().cpu() for name, value in found.items()}


def _measures(run: Loaded, points: Tensor, seed: int, quick: bool) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    method, net = run.method, run.net
    if len(method.turns) == 1:
        yield "loss", lambda: held_out_loss(method, points)(net)
    generator = Generator(points.device).manual_seed(seed)
    samples = method.sample(net, len(points), generator)
    if net.dim == 1:
        target = run.source.target
        exact = target if isinstance(target, GaussianMixture) else points
        yield "W1", lambda: metrics.w1(samples, exact)
    else:
        yield "sliced W2", lambda: metrics.sliced_w2(samples, points)
    if method.encode is not None:
        yield "reconstruction error", lambda: metrics.reconstruction_error(method, net, points)
    if run.settings.method in WITH_CODES and method.density is not None:
        bound = metrics.elbo(net, points, CODES)  # type: ignore[arg-type]
        yield "reconstruction, nats", lambda: bound.reconstruction
        yield "KL, nats", lambda: bound.kl.sum(-1)
        yield "ELBO, nats", lambda: bound.value
    coded = run.settings.method in WITH_CODES
    if method.density is not None and (coded or not quick):
        name = "bound of log p(x), nats" if coded else "log p(x), nats"
        yield name, lambda: method.log_prob(net, points[: max(1, len(points) // 10)]).mean(-1)


def as_text(found: dict[str, Tensor]) -> str:
    """A line for each measure: mean and standard deviation over members."""
    width = max(map(len, found))
    return "\n".join(f"{name.ljust(width)}  {_spread(value)}" for name, value in found.items())


def as_json(found: dict[str, Tensor]) -> str:
    """All values of each measure."""
    return json.dumps({name: value.tolist() for name, value in found.items()}, indent=2) + "\n"


def _spread(values: Tensor) -> str:
    return f"{values.mean():.4g}" + (f" ± {values.std():.2g}, {values.numel()} members" if values.numel() > 1 else "")
