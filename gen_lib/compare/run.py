"""One loop over methods: train each on the same data, keep samples after every epoch, measure it at the end."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from .. import check, draws, metrics
from ..counting import Counted
from ..data import Distribution, GaussianMixture
from ..method import Method
from ..methods import METHODS
from ..metrics import WithFloor
from ..nets import Net, Sizes, still
from ..slips import brief, known
from ..train import History, NotFinite, fit

Number = TypeVar("Number", int, float)

#: Learning rates of the games. Two nets that chase each other need smaller steps than 1e-2, the rate of the others.
RATES: Mapping[str, float] = {"gan": 1e-3, "wgan": 3e-3}
DRAWN = 500  # points of a frame; and of W2, which costs more than their square
PART = 1000  # points pushed at a time: with more, what a layer makes leaves the cache


@dataclass(frozen=True)
class Run:
    """What became of one method.

    Attributes:
        method: the method
        net: its trained net, all members
        steps: training steps in all
        lr: initial learning rate
        history: losses; its time includes that of looking
        seconds: time of training alone, all members together
        evaluations: how often the net is evaluated to turn one noise into one sample
        frames: samples of the first member after every epoch, always from the same noise, shape ``(epochs, n, d)``
        distances: name of a distance to its value for each member, at the end of training, with its
            floor: the same distance of twenty sets of perfect samples
    """

    method: Method
    net: Net
    steps: int
    lr: float
    history: History
    seconds: float
    evaluations: int
    frames: Float[Tensor, "epochs n d"]
    distances: dict[str, WithFloor]


@dataclass(frozen=True)
class Comparison:
    """Methods side by side.

    Attributes:
        target: what all of them were to learn
        epochs: snapshots of each of them
        noise: what the samples that were measured are made of, shape ``(*members, n, d)``
        runs: name of a method to what became of it, in the order chosen
    """

    target: Distribution
    epochs: int
    noise: Tensor
    runs: dict[str, Run] = field(default_factory=dict)


class Interrupted(KeyboardInterrupt):
    """A comparison was stopped by hand.

    Attributes:
        name: of the method that was training
        comparison: the methods that had finished by then
    """

    def __init__(self, name: str, comparison: Comparison):
        self.name, self.comparison = name, comparison
        done = ", ".join(comparison.runs) or "none"
        super().__init__(f"stopped while {name} was training; finished and kept in .comparison: {done}")

    def __reduce__(self):
        """Sent from one process to another, it is made anew."""
        return type(self), (self.name, self.comparison), self.__dict__


def compare(
    chosen: Sequence[str] | Mapping[str, Method],
    target: Distribution,
    *,
    epochs: int = 20,
    steps_per_epoch: int | Mapping[str, int] = 100,
    batch: int = 256,
    lr: float | Mapping[str, float] = RATES,
    members: Sizes = (8,),
    hidden: Sizes = (32, 64, 32),
    points: int | None = None,
    samples: int = 2000,
    seed: int = 0,
    progress: bool = True,
) -> Comparison:
    """Train every method on the same data, with nets of the same size, and measure all of them in the same way.

    All start from the same seed and are measured on the samples they make of the same noise. Their steps, rates and
    pairs per step need not be equal: what is fair depends on the question, so :class:`Run` says what was used.

    Args:
        chosen: names of ready methods, or names of your own with the methods
        target: what is to be learned
        epochs: an epoch ends with a snapshot of the samples
        steps_per_epoch: for all, or by name; 100 for those not named
        batch: pairs per member and turn
        lr: initial learning rate, for all, or by name; 1e-2 for those not named
        members: shape of the members of every net
        hidden: widths of the hidden layers of every net; games and autoencoders have two
        points: number of points to train on, drawn once; fresh ones at every step if not given
        samples: per member, for the distances
        seed: of weights, noise, data and of what is measured
        progress: show a bar

    Returns:
        one :class:`Run` per method

    Raises:
        ValueError: an unknown name, nothing chosen, an argument out of range
        gen_lib.train.record.NotFinite: as :func:`~gen_lib.train.loop.fit`, with a note that names the method
        Interrupted: stopped by hand; the methods that had finished are in it

    Example:
        >>> from gen_lib import data
        >>> short = {"epochs": 1, "steps_per_epoch": 5, "members": (2,), "samples": 50, "progress": False}
        >>> plane = compare(["vae"], data.mixture_2d(), **short)
        >>> list(plane.runs["vae"].distances)
        ['sliced W2', 'W2']
    """
    methods = _methods(chosen)
    epochs, samples = check.whole("epochs", epochs, least=1), check.whole("samples", samples, least=2)
    seed, members = check.whole("seed", seed, least=0), check.sizes("members", members)
    check.whole("batch", batch, least=1)
    if not isinstance(target, Distribution):
        raise ValueError(f"target must be a distribution, such as data.mixture_1d(), got {brief(target)}")
    lengths = _each("steps_per_epoch", steps_per_epoch, 100, methods)
    lengths = {name: check.whole("steps_per_epoch", n, least=1) for name, n in lengths.items()}
    rates = _each("lr", lr, 1e-2, methods)
    for rate in rates.values():
        check.number("lr", rate, above=0)
    generator = Generator().manual_seed(2**31 + seed)  # no member trains with these numbers
    source = target if points is None else target.sample(check.whole("points", points, least=1), generator)
    noise = torch.randn(*members, samples, target.dim, generator=generator)
    floor = distances(target.sample((20, samples), Generator().manual_seed(0)), target)  # of twenty perfect sets
    nets = {name: m.build(target.dim, hidden=hidden, members=members, seed=seed) for name, m in methods.items()}

    comparison = Comparison(target, epochs, noise)
    for name, method in methods.items():
        with _named(name, comparison):
            look = _Look(method, members, lengths[name], noise)
            steps = epochs * lengths[name]
            history = fit(
                method,
                nets[name],
                source,
                steps=steps,
                batch=batch,
                lr=rates[name],
                seed=seed,
                watch=look,
                progress=progress,
            )
            with still(nets[name]), draws.streams(members, 2**31 + seed):
                asked, made = evaluations(method, nets[name], noise)
            comparison.runs[name] = Run(
                method=method,
                net=nets[name],
                steps=steps,
                lr=rates[name],
                history=history,
                seconds=history.seconds - look.seconds,
                evaluations=asked,
                frames=torch.stack(look.frames),
                distances={key: WithFloor(v, floor[key]) for key, v in distances(made[-1], target).items()},
            )
    return comparison


def evaluations(method: Method, net: Net, z: Tensor) -> tuple[int, list[Tensor]]:
    """Push noise to data and count how often the net is evaluated (:class:`~gen_lib.counting.Counted`).

    Args:
        method: whose ``push`` is used
        net: its net
        z: noise, shape ``(*members, n, latent)``

    Returns:
        the count, the same for each sample; the states

    Example:
        >>> net = METHODS["fm"].build(dim=1)
        >>> evaluations(METHODS["fm"], net, torch.zeros(3, 1))[0]  # fifty steps of two
        100
    """
    with Counted(net) as counted:
        parts = [method.push(net, part) for part in z.split(PART, -2)]
    return counted.evaluations // len(parts), [torch.cat(states, -2) for states in zip(*parts, strict=True)]


def distances(samples: Tensor, target: Distribution) -> dict[str, Tensor]:
    """How far samples are from the target: W1 on the line; else sliced W2, and W2 of the first 500.

    On the line the distance to a mixture is exact. Else it is that to a draw of as many points, another one for each
    member, so that no member owes its rank to a lucky draw.

    Args:
        samples: shape ``(*members, n, d)``
        target: of the same dimension

    Returns:
        name to one value per member

    Example:
        >>> from gen_lib import data
        >>> distances(torch.zeros(2000, 1), data.mixture_1d())["W1"]
        tensor(2.0023)
    """
    if target.dim == 1 and isinstance(target, GaussianMixture):
        return {"W1": metrics.w1(samples, target)}
    drawn = target.sample(tuple(samples.shape[:-1]), Generator().manual_seed(1)).to(samples)
    if target.dim == 1:
        return {"W1": metrics.w1(samples, drawn)}
    few = metrics.w2(samples[..., :DRAWN, :], drawn[..., :DRAWN, :])
    return {"sliced W2": metrics.sliced_w2(samples, drawn), "W2": few}


class _Look:
    """Called by :func:`fit` before every step: keeps the first member's samples at the end of each epoch.

    A lone net makes them, so that a snapshot costs little compared with an epoch; its time is kept apart.
    """

    def __init__(self, method: Method, members: Sizes, epoch: int, noise: Tensor):
        self.method, self.epoch, self.frames, self.seconds = method, epoch, list[Tensor](), 0.0
        self.first = (0,) * len(members)
        self.noise = noise[self.first][:DRAWN]

    def __call__(self, step: int, net: Net) -> None:
        if step == 0 or step % self.epoch:
            return
        start = time.perf_counter()
        self.frames.append(self.method.push(net.member(self.first), self.noise)[-1])
        self.seconds += time.perf_counter() - start


def _methods(chosen: Sequence[str] | Mapping[str, Method]) -> dict[str, Method]:
    if isinstance(chosen, str) or not isinstance(chosen, Sequence | Mapping) or not chosen:
        raise ValueError(f"chosen must be a list of names, or a mapping from names to methods, got {brief(chosen)}")
    methods = dict(chosen) if isinstance(chosen, Mapping) else {name: METHODS[name] for name in chosen}
    for name, method in methods.items():
        if not isinstance(method, Method):
            raise TypeError(f"chosen must give a Method for every name, for {name!r} it gave {method!r}")
    return methods


def _each(
    argument: str, value: Number | Mapping[str, Number], default: Number, methods: dict[str, Method]
) -> dict[str, Number]:
    """The number of every method; a name that stands for no method is a slip."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(methods, value)
    for name in value:
        known(f"name in {argument}", name, {**METHODS, **methods})
    return {name: value.get(name, default) for name in methods}


@contextmanager
def _named(name: str, comparison: Comparison) -> Iterator[None]:
    """An error says which method it came from, and a stop by hand keeps what had finished."""
    try:
        yield
    except NotFinite as error:
        error.add_note(f"This was method {name!r} of a comparison.")
        raise
    except KeyboardInterrupt as error:
        raise Interrupted(name, comparison) from error
