"""Who trains: the library, and others with the same net, data, batch, rate and schedule. JAX stands in in_jax.py."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, pairwise, repeat

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from gen_lib import couplings, fit, methods
from gen_lib.samplers import Velocity
from gen_lib.train import cosine

from .clock import Lap

Pairs = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]  # z and x to x_t, t and the velocity


@dataclass(frozen=True)
class Task:
    """What all contenders have in common; Adam with a rate that falls to 0 by half a cosine."""

    points: Tensor
    batch: int
    steps: int
    lr: float = 1e-2
    hidden: tuple[int, ...] = (32, 64, 32)

    @property
    def widths(self) -> tuple[int, ...]:
        dim = self.points.shape[1]
        return dim + 1, *self.hidden, dim


Train = Callable[[Task, int, Lap], Velocity]  # task, seed, lap -> the field learned, for points (members, n, d)


def ours(members: int, optimal: bool = False) -> Train:
    method = methods.fm(coupling=couplings.optimal) if optimal else methods.fm()

    def train(task: Task, seed: int, lap: Lap) -> Velocity:
        net = method.build(dim=task.points.shape[1], hidden=task.hidden, members=(members,), seed=seed * members)
        settings = {"steps": task.steps, "batch": task.batch, "lr": task.lr, "seed": seed * members}

        def rate(done: float) -> float:  # asked once in every step: a watch would switch the net to evaluation and back
            lap(round(done * task.steps))
            return cosine(done)

        fit(method, net, task.points, **settings, schedule=rate, progress=False)
        lap(task.steps)
        return net

    return train


def alone(pairs: Callable[[], Pairs], classic: bool = False) -> Train:
    """One model, as the READMEs of others train it; classic: with a DataLoader, and a look at every loss."""

    def train(task: Task, seed: int, lap: Lap) -> Velocity:
        torch.manual_seed(seed)
        net, interpolate, total = perceptron(task.widths), pairs(), 0.0
        adam = torch.optim.Adam(net.parameters(), lr=task.lr)
        for step, x in enumerate(islice(batches(task, classic), task.steps)):
            lap(step)
            x_t, t, v = interpolate(torch.randn_like(x), x)
            adam.param_groups[0]["lr"] = task.lr * cosine(step / task.steps)
            adam.zero_grad()
            loss = (net(torch.cat([x_t, t], 1)) - v).square().mean()
            loss.backward()
            adam.step()
            if classic:
                total += loss.item()
        lap(task.steps)
        return lambda x, t: net(torch.cat([x, t], -1))

    return train


def perceptron(widths: tuple[int, ...]) -> nn.Sequential:
    layers = [layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.SiLU())]
    return nn.Sequential(*layers[:-1])


def batches(task: Task, classic: bool) -> Iterator[Tensor]:
    if classic:
        loader = DataLoader(TensorDataset(task.points), batch_size=task.batch, shuffle=True)
        return (x for (x,) in chain.from_iterable(repeat(loader)))
    return (task.points[torch.randint(len(task.points), (task.batch,))] for _ in repeat(None))


def by_hand() -> Pairs:
    def pairs(z: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        t = torch.rand(len(x), 1)
        return (1 - t) * z + t * x, t, x - z

    return pairs


def by_torchcfm(optimal: bool = False) -> Pairs:
    import torchcfm

    kind = torchcfm.ExactOptimalTransportConditionalFlowMatcher if optimal else torchcfm.ConditionalFlowMatcher
    matcher = kind(sigma=0.0)

    def pairs(z: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        t, x_t, v = matcher.sample_location_and_conditional_flow(z, x)
        return x_t, t[:, None], v

    return pairs


def by_flow_matching() -> Pairs:
    from flow_matching.path import AffineProbPath
    from flow_matching.path.scheduler import CondOTScheduler

    path = AffineProbPath(scheduler=CondOTScheduler())

    def pairs(z: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sample = path.sample(t=torch.rand(len(x)), x_0=z, x_1=x)
        return sample.x_t, sample.t[:, None], sample.dx_t

    return pairs


def products(members: int, rows: bool = False) -> Train:
    """The floor: only the matrix products of a step, outputs and both gradients.

    Args:
        members: at once
        rows: one row per point, instead of one column as in the library
    """

    def train(task: Task, seed: int, lap: Lap) -> Velocity:
        torch.manual_seed(seed)
        layers = []
        for i, o in pairwise(task.widths):
            shapes = ((i, o), (task.batch, i), (task.batch, o)) if rows else ((o, i), (i, task.batch), (o, task.batch))
            layers.append([torch.randn(members, *shape) for shape in shapes])
        for step in range(task.steps):
            lap(step)
            for number, (weight, h, gradient) in enumerate(layers):
                torch.bmm(h, weight) if rows else torch.bmm(weight, h)
                torch.bmm(h.mT, gradient) if rows else torch.bmm(gradient, h.mT)
                if number:  # nobody asks for the gradient of points and times
                    torch.bmm(gradient, weight.mT) if rows else torch.bmm(weight.mT, gradient)
        lap(task.steps)
        return lambda x, t: torch.full_like(x, torch.nan)

    return train
