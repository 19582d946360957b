"""The same training in JAX: all members in one program, jit over vmap over scan."""

import time
from itertools import pairwise
from math import pi

import torch
from torch import Tensor

from gen_lib.samplers import Velocity

from .clock import Lap
from .trainers import Task


class InJax:
    """A contender whose program is compiled once per kind of task; ``compiled`` says how long that took.

    Args:
        members: trained at once
        chunk: steps in one call of the compiled program
    """

    def __init__(self, members: int, chunk: int):
        self.members, self.chunk, self.compiled, self.programs = members, chunk, 0.0, {}

    def __call__(self, task: Task, seed: int, lap: Lap) -> Velocity:
        import jax
        import jax.numpy as jnp

        kind = (task.batch, task.widths, task.lr)
        if kind not in self.programs:
            self.programs[kind] = program(task)
            start = time.perf_counter()
            self.run(task, kind, seed, lambda step: None, self.chunk)
            self.compiled = time.perf_counter() - start
        weights = self.run(task, kind, seed, lap, task.steps)
        field = jax.jit(jax.vmap(net))

        def velocity(x: Tensor, t: Tensor) -> Tensor:
            return torch.tensor(jax.device_get(field(weights, jnp.asarray(x.numpy()), jnp.asarray(t.numpy()))))

        return velocity

    def run(self, task: Task, kind: tuple, seed: int, lap: Lap, steps: int):
        import jax

        start, chunk = self.programs[kind]
        points = jax.numpy.asarray(task.points.numpy())
        keys = jax.random.split(jax.random.PRNGKey(seed), (self.members, 1 + steps))
        state = start(keys[:, 0])
        blocks = [jax.block_until_ready(keys[:, 1 + i : 1 + i + self.chunk]) for i in range(0, steps, self.chunk)]
        for number, block in enumerate(blocks):
            lap(number * self.chunk)
            state = jax.block_until_ready(chunk(points, state, block, float(task.steps)))
        lap(steps)
        return state[0]


def net(weights, x, t):
    import jax
    import jax.numpy as jnp

    h = jnp.concatenate([x, t], -1)
    for w, b in weights[:-1]:
        h = jax.nn.silu(h @ w + b)
    w, b = weights[-1]
    return h @ w + b


def program(task: Task):
    """Two compiled functions: from keys to the state of training, and from one state to that a chunk later."""
    import jax
    import jax.numpy as jnp
    import optax

    def adam(steps):
        return optax.adam(lambda done: task.lr * (1 + jnp.cos(pi * done / steps)) / 2)

    def build(key):
        weights = []
        for (i, o), own in zip(pairwise(task.widths), jax.random.split(key, len(task.widths) - 1), strict=True):
            bound = i**-0.5
            shapes = zip(jax.random.split(own), ((i, o), (o,)), strict=True)
            weights.append([jax.random.uniform(k, shape, minval=-bound, maxval=bound) for k, shape in shapes])
        return weights, adam(1.0).init(weights)

    def loss(weights, points, key):
        which, noise, clock = jax.random.split(key, 3)
        x = points[jax.random.randint(which, (task.batch,), 0, len(points))]
        z, t = jax.random.normal(noise, x.shape), jax.random.uniform(clock, (task.batch, 1))
        return ((net(weights, (1 - t) * z + t * x, t) - (x - z)) ** 2).sum(-1).mean()

    def chunk(points, state, keys, steps):
        def step(state, key):
            weights, moments = state
            value, gradient = jax.value_and_grad(loss)(weights, points, key)
            updates, moments = adam(steps).update(gradient, moments)
            return (optax.apply_updates(weights, updates), moments), value

        return jax.lax.scan(step, state, keys)[0]

    return jax.jit(jax.vmap(build)), jax.jit(jax.vmap(chunk, (None, 0, 0, None)))
