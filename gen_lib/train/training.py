"""What a run is made of: net, optimisers, streams of random numbers, record. It can be kept after any step."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from .. import check, draws
from ..data import Distribution
from ..method import Loss, Method
from ..nets import Net
from ..slips import brief
from .record import Record
from .schedules import cosine
from .stopping import Stopping
from .stops import state

Schedule = Callable[[float], float]  # from the fraction of steps done to a fraction of the initial learning rate


@runtime_checkable
class Processes(Protocol):
    """Several processes that train one net, each on its part of every batch.

    Attributes:
        rank: which one this is, from 0
        count: how many there are
    """

    rank: int
    count: int

    def average(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Each tensor averaged over the processes; all of them get the same."""


class Alone:
    """A single process, which has the whole batch to itself."""

    rank, count = 0, 1

    def average(self, values: Sequence[Tensor]) -> list[Tensor]:
        """The values themselves."""
        return list(values)


class _Adam(torch.optim.AdamW):
    """torch's own, without the wrappers that import its compiler, of which nothing is used here.

    They take nearly a second before the first step, and in every step of a small net as long as the step itself.
    """

    add_param_group = inspect.unwrap(torch.optim.AdamW.add_param_group)
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


class Training:
    """A run that can be paused: everything that its next step depends on.

    :func:`~gen_lib.train.loop.fit` makes one and runs it to its end. By itself it can be run in parts
    (:func:`~gen_lib.train.loop.run`), its state kept after any step, and another one, made with the same arguments,
    loaded with it: what follows is the same, bit for bit.

    Args:
        method, net, data, steps, batch, lr, betas, seed, schedule, clip, weight_decay, stopping: as in ``fit``
        processes: those that train this net together; the batch and the seed define the result, not their number

    Attributes:
        net: what is trained, in place
        steps: number of steps of the whole run
        done: number of steps done
        within_step: whether a step has begun and not ended
        settings: the arguments that are numbers or names, as they were given

    Raises:
        TypeError, ValueError: as in ``fit``

    Example:
        >>> from gen_lib import METHODS, data
        >>> from gen_lib.train import Training, run
        >>> method, arguments = METHODS["fm"], {"steps": 10, "batch": 8}
        >>> first = Training(method, method.build(dim=1), data.mixture_1d(), **arguments)
        >>> _ = run(first, until=4, progress=False)
        >>> second = Training(method, method.build(dim=1, seed=1), data.mixture_1d(), **arguments)
        >>> second.load(first.state())
        >>> bool((run(first, progress=False).losses["loss"] == run(second, progress=False).losses["loss"]).all())
        True
    """

    def __init__(
        self,
        method: Method | Callable[[float], Method],
        net: Net,
        data: Distribution | Tensor,
        *,
        steps: int = 2000,
        batch: int = 256,
        lr: float | Mapping[str, float] = 1e-2,
        betas: tuple[float, float] = (0.9, 0.999),
        seed: draws.Seed = 0,
        schedule: Schedule = cosine,
        clip: float | None = None,
        weight_decay: float = 0.0,
        stopping: Stopping | None = None,
        processes: Processes | None = None,
    ):
        self.processes = processes or Alone()
        self.steps, self.batch = check.whole("steps", steps, least=1), check.whole("batch", batch, least=1)
        if self.batch % self.processes.count:
            raise ValueError(f"batch must be a multiple of the {self.processes.count} processes, got {batch}")
        own = draws.seeds(seed, net.members)
        check.number("weight_decay", weight_decay, least=0)
        if clip is not None:
            check.number("clip", clip, above=0)
        self.plan = _plan(method, steps)
        names = [turn.moves for turn in self.plan(0).turns]
        self.rates = _rates(lr, names)
        _check_betas(betas)
        self.sample = _source(data, net)
        self.net, self.schedule, self.clip, self.done, self.within_step = net, schedule, clip, 0, False
        self.weight = next(net.parameters())
        self.movers = {name: list(net.get_submodule(name).parameters()) for name in names}
        self.adams = {
            name: _Adam(movers, self.rates[name], betas=betas, weight_decay=weight_decay, fused=True)
            for name, movers in self.movers.items()
        }
        self.streams = draws.Streams(net.members, seed, self.weight.device)
        self.record = Record(net, names, self.steps, stopping)
        self.settings: dict[str, Any] = {
            "turns": names, "steps": self.steps, "batch": self.batch, "lr": self.rates, "betas": list(betas),
            "seed": own, "clip": clip, "weight_decay": weight_decay, "members": list(net.members),
            "stopping": stopping and {"every": stopping.every, "patience": stopping.patience},
        }  # fmt: skip

    @property
    def ended(self) -> bool:
        """True when all steps are done or every member has stopped."""
        return self.done == self.steps or self.record.finished

    def pairs(self, method: Method) -> tuple[Tensor, Tensor]:
        """Pairs (z, x), ``(*members, batch, latent or dim)``; in ``run`` each member draws from its own stream."""
        shape = (*self.net.members, self.batch)
        z = draws.normal((*shape, self.net.latent)).to(self.weight)
        return method.coupling(z, self.sample(shape).to(self.weight))

    def value(self, method: Method, loss: Loss) -> Tensor:
        """The loss of every member, ``(*members,)``, on this process's part of new pairs."""
        z, x = self.pairs(method)
        rank, count = self.processes.rank, self.processes.count
        if count > 1:
            n = self.batch // count
            z, x = z.narrow(-2, rank * n, n), x.narrow(-2, rank * n, n)
        with self.streams.split(rank, count):
            return loss(self.net, z, x).mean(-1)

    def move(self, name: str, value: Tensor) -> Tensor:
        """One step of Adam, for the part of that name, down the loss of every member ``(*members,)``.

        Returns:
            the loss, without its graph, over the whole batch
        """
        movers, adam = self.movers[name], self.adams[name]
        gradients: Sequence[Tensor] = torch.autograd.grad(value.sum(), movers)
        value, *gradients = self.processes.average([value.detach(), *gradients])
        if self.clip is not None:
            gradients = _clipped(gradients, self.clip, len(self.net.members))
        for p, g in zip(movers, gradients, strict=True):
            p.grad = g.contiguous()  # the fused step takes its memory to be laid out as that of p
        for group in adam.param_groups:
            group["lr"] = self.rates[name] * self.schedule(self.done / self.steps)
        adam.step()
        return value

    def state(self) -> dict[str, Any]:
        """All that the next step depends on: nested dictionaries of tensors, numbers, names and lists of them.

        Copies: what happens to the run later does not change them.

        Raises:
            RuntimeError: the run was interrupted within a step, of which a part is done
        """
        if self.within_step:
            raise RuntimeError(f"step {self.done} was interrupted: load a state from before, or train again")
        adams = {
            name: {str(i): {k: v.clone() for k, v in adam.state[p].items()} for i, p in enumerate(self.movers[name])}
            for name, adam in self.adams.items()
        }
        kept = {"net": state(self.net), "adams": adams, "streams": self.streams.state()}
        return {"settings": self.settings, "done": self.done, **kept, "record": self.record.state(self.done)}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state that a training with the same arguments has left.

        Method, data, schedule and score cannot be compared: those must be the same, too.

        Args:
            state: from :meth:`state`

        Raises:
            ValueError: other arguments, another net; nothing has changed then
        """
        for name, here in self.settings.items():
            there = state["settings"].get(name)
            if there != here:
                raise ValueError(f"state must be of a training with the same {name}, {here!r}, got one with {there!r}")
        shapes = {name: tuple(value.shape) for name, value in self.net.state_dict().items()}
        if (others := {name: tuple(value.shape) for name, value in state["net"].items()}) != shapes:
            raise ValueError(f"state must be of a net with the weights {shapes}, got {others}")
        self.within_step = False
        self.net.load_state_dict(state["net"])
        for name, adam in self.adams.items():
            for i, p in enumerate(self.movers[name]):
                kept = state["adams"][name].get(str(i), {})
                adam.state[p] = {key: value.clone().to(p.device) for key, value in kept.items()}
        self.streams.load(state["streams"])
        self.done = state["done"]
        self.record.load(state["record"], self.done)


def _plan(method: Method | Callable[[float], Method], steps: int) -> Callable[[int], Method]:
    """The method of every step, made before the first one, so that a slip in a schedule is found before work starts."""
    if isinstance(method, Method):
        return lambda step: method
    if not callable(method):
        raise TypeError(
            f"method must be a Method, or a function from the fraction of steps done to one, got {brief(method)}"
        )
    plan = [method(step / steps) for step in range(steps)]
    first: list[str] = []
    for step, one in enumerate(plan):
        if not isinstance(one, Method):
            raise TypeError(f"method must give a Method at every step, at {step / steps:g} done it gave {brief(one)}")
        turns = [name for name, _ in one.turns]
        first = first or turns
        if turns != first:
            raise ValueError(f"method must keep its turns, {first}, at {step / steps:g} done it has {turns}")
    return plan.__getitem__


def _rates(lr: float | Mapping[str, float], names: list[str]) -> dict[str, float]:
    """The learning rate of each turn."""
    if not isinstance(lr, Mapping):
        check.number("lr", lr, above=0)
        return dict.fromkeys(names, lr)
    if set(lr) != set(names):
        raise ValueError(f"lr must name every turn, {sorted(set(names))}, got {sorted(lr)}")
    for name, rate in lr.items():
        check.number(f"lr of {name}", rate, above=0)
    return dict(lr)


def _check_betas(betas: tuple[float, float]) -> None:
    if not isinstance(betas, tuple) or len(betas) != 2:
        raise ValueError(f"betas must be two numbers, such as (0.9, 0.999), got {brief(betas)}")
    for beta in betas:
        check.number("each of betas", beta, least=0)
        if beta >= 1:
            raise ValueError(f"each of betas must lie from 0 to below 1, got {brief(beta)}")


def _source(data: Distribution | Tensor, net: Net) -> Callable[[tuple[int, ...]], Tensor]:
    """A function from a shape to that many data points."""
    if not isinstance(data, Tensor):
        if not isinstance(data, Distribution) or data.dim != net.dim:
            raise ValueError(f"data must be a tensor (n, d) or a distribution, with d = {net.dim}, got {brief(data)}")
        return data.sample
    points = check.points("data", data, dim=net.dim)
    if points.ndim != 2:
        raise ValueError(f"data must have shape (n, {net.dim}), got {tuple(points.shape)}")
    most = len(points) - 1  # a uniform number just below 1 may round up to it
    return lambda shape: points[(draws.uniform(shape).to(points.device) * len(points)).long().clamp_max(most)]


def _clipped(gradients: Sequence[Tensor], most: float, members: int) -> list[Tensor]:
    """Scale the gradient of each member to a norm of at most ``most``."""
    norms = torch.stack([g.flatten(members).norm(dim=-1) for g in gradients]).norm(dim=0)
    scale = (most / norms).clamp_max(1)
    return [g * scale.reshape(*scale.shape, *[1] * (g.ndim - members)) for g in gradients]
