"""Sections on training: a step on the line and in the plane, time to a quality, and what a step grows with."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any

import torch
from torch import Tensor

from gen_lib import data, metrics
from gen_lib.samplers import Velocity, heun

from .clock import Lap, race
from .in_jax import InJax
from .trainers import Task, Train, alone, by_flow_matching, by_hand, by_torchcfm, ours, products

LINE, PLANE = data.mixture_1d(), data.mixture_2d()
GENERATOR = torch.Generator().manual_seed(42)
POINTS = LINE.sample(500, GENERATOR)
ON_LINE, IN_PLANE = LINE.sample(100_000, GENERATOR), PLANE.sample(100_000, GENERATOR)
NOISE_ON_LINE = torch.special.ndtri((torch.arange(1000) + 0.5) / 1000)[:, None]
NOISE_IN_PLANE, HELD_OUT = torch.randn(1000, 2, generator=GENERATOR), PLANE.sample(1000, GENERATOR)
FLOORS = {"matrix products alone": False, "the same, a row per point": True}
WANTED = 0.05  # W1 that counts as good

Row = dict[str, Any]
Contenders = dict[tuple[str, int], Train]  # name and number of members
Judge = Callable[[Velocity, int], Tensor]  # field and number of members to a distance per member


@torch.no_grad()
def w1(field: Velocity, members: int, steps: int = 100) -> Tensor:
    return metrics.w1(heun(field, NOISE_ON_LINE.repeat(members, 1, 1), steps)[-1], LINE)


@torch.no_grad()
def sliced_w2(field: Velocity, members: int, steps: int = 50) -> Tensor:
    samples = heun(field, NOISE_IN_PLANE.repeat(members, 1, 1), steps)[-1]
    return metrics.sliced_w2(samples, HELD_OUT, generator=torch.Generator().manual_seed(0))


def compete(contenders: Contenders, task: Task, rounds: int, chunk: int, judge: Judge) -> list[Row]:
    """A row per contender. Distances are those of ten models or more, as far as there are: a seed for every round."""
    runs = {key: partial(_train, train, task) for key, train in contenders.items()}
    rows: list[Row] = []
    for (who, members), timed in race(runs, rounds, chunk).items():
        row: Row = {"who": who, "members": members, "ms per step": timed.ms, "ms per model": timed.ms / members}
        fields = [] if who in FLOORS else timed.results[-ceil(10 / members) :]
        rows.append(row | {"distance": _spread(torch.cat([judge(f, members) for f in fields])) if fields else None})
    return rows


def _train(train: Train, task: Task, number: int, lap: Lap) -> Velocity:
    return train(task, number, lap)


def _spread(values: Tensor) -> list[float]:
    return [values.mean().item(), values.std(correction=0).item()]


def step(quick: bool) -> list[Row]:
    """One training step of flow matching on 500 points of the mixture on the line, hidden layers of 32, 64 and 32
    units. The distance is W1 of samples to the exact mixture, mean ± standard deviation over models (members, or five
    seeds of a lone model). The last rows of a batch size are the matrix products of a step without anything else, in
    the layout of the library, a column per point, and in the usual one."""
    steps, rounds, chunk, counts = (20, 2, 10, (1, 2)) if quick else (400, 5, 100, (1, 8, 32))
    rows: list[Row] = []
    for batch in (8, 16) if quick else (64, 256):
        jax = {members: InJax(members, chunk) for members in (1, counts[-1])}
        contenders: Contenders = {
            ("classic loop", 1): alone(by_hand, classic=True),
            ("TorchCFM", 1): alone(by_torchcfm),
            ("flow_matching", 1): alone(by_flow_matching),
            **{("JAX", members): train for members, train in jax.items()},
            **{("gen_lib", members): ours(members) for members in counts},
            **{(who, counts[-1]): products(counts[-1], rows) for who, rows in FLOORS.items()},
        }
        judge = partial(w1, steps=2 if quick else 100)
        for row in compete(contenders, Task(POINTS, batch, steps), rounds, chunk, judge):
            compiled = jax[row["members"]].compiled if row["who"] == "JAX" else None
            rows.append({"batch": batch} | row | {"s to compile": compiled})
    return rows


def plane(quick: bool) -> list[Row]:
    """One training step in the plane (two-dimensional mixture, batch 256), on independent pairs and on optimal ones.
    The distance is the sliced W2 of samples to held-out data, mean ± standard deviation over models."""
    steps, chunk, batch = (10, 5, 16) if quick else (250, 50, 256)
    rows: list[Row] = []
    for pairs, rounds, members in (("independent", 8, 8), ("optimal", 4, 4)):  # optimal ones take ten times as long
        optimal = pairs == "optimal"
        contenders: Contenders = {("TorchCFM", 1): alone(partial(by_torchcfm, optimal))}
        if not optimal:
            contenders["flow_matching", 1] = alone(by_flow_matching)
        contenders["gen_lib", members] = ours(members, optimal)
        found = compete(contenders, Task(IN_PLANE, batch, steps), 2 if quick else rounds, chunk, sliced_w2)
        rows += [{"pairs": pairs} | row for row in found]
    return rows


def level(quick: bool) -> list[Row]:
    """Training until the mean of W1 over eight models or more is at most 0.05: fresh data on the line, batch 256, rate
    0.03. All that differs in quality is luck, so all take the same training, the shortest of those tried (600, 900 or
    1200 steps) in which everybody gets there; the time is that of all of its steps."""
    members, tried, batch, chunk = (2, (20,), 8, 10) if quick else (8, (600, 900, 1200), 256, 50)
    one_by_one: Contenders = {
        ("classic loop", 1): alone(by_hand, classic=True),
        ("TorchCFM", 1): alone(by_torchcfm),
        ("flow_matching", 1): alone(by_flow_matching),
    }
    at_once: Contenders = {("JAX", members): InJax(members, chunk), ("gen_lib", members): ours(members)}
    for steps in tried:
        task = Task(ON_LINE, batch, steps, lr=0.03)
        rows = compete(at_once, task, 2, chunk, w1) + compete(one_by_one, task, members, chunk, w1)
        if all(row["distance"][0] <= WANTED for row in rows):
            break
    return [
        {"who": row["who"], "members": row["members"], "steps": steps, "ms per model": row["ms per model"] * steps}
        | {"distance": row["distance"], "reached": "yes" if row["distance"][0] <= WANTED else "no"}
        for row in rows
    ]


def growth(quick: bool) -> list[Row]:
    """One training step of the library, with one thing changed at a time: 8 members, batch 256, one dimension, hidden
    layers of 32, 64 and 32 units are the start; a width stands for all three layers."""
    rounds, steps, chunk = (2, 4, 2) if quick else (3, 60, 20)
    start, most = Task(POINTS, 256, steps), 2 if quick else None
    tasks: dict[tuple[str, int], tuple[int, Task]] = {}
    tasks |= {("members", n): (n, start) for n in (1, 2, 4, 8, 16, 32, 64, 128)[:most]}
    tasks |= {("batch", n): (8, replace(start, batch=n)) for n in (64, 128, 256, 512, 1024)[:most]}
    tasks |= {("width", n): (8, replace(start, hidden=(n,) * 3)) for n in (16, 32, 64, 128, 256)[:most]}
    tasks |= {("dimension", n): (8, replace(start, points=torch.randn(500, n))) for n in (1, 2, 8, 32, 128)[:most]}
    runs = {key: partial(_train, ours(members), task) for key, (members, task) in tasks.items()}
    return [
        {"what grows": what, "to": n, "ms per step": timed.ms, "ms per model": timed.ms / tasks[what, n][0]}
        for (what, n), timed in race(runs, rounds, chunk).items()
    ]
