"""What training costs: python benchmarks/train.py [--threads 1] [--classic-epochs 2000]

Flow matching on the 500 points of the book's mixture, everything in one run on one machine:

(a) a classic loop: DataLoader, one model, ``loss.item()`` at every step, the classic preset;
(b) ``gen_lib.fit`` with 1, 8 and 32 members, the fast preset;
(c) the same arithmetic in JAX, jit over scan with vmapped members, if jax and optax are installed.

Only ratios within a run mean anything. All three use the same number of threads. Machines are disturbed: times are of
the fastest repeat: of three trainings in (b), of five in (c), the fastest epoch times their number in (a).
"""

import argparse
import os
import time
from itertools import pairwise

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from gen_lib import METHODS, data, fit, metrics
from gen_lib.samplers import heun

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1, help="cores for each of the three (default: %(default)s)")
parser.add_argument("--steps", type=int, default=1000, help="steps of (b) and (c) (default: %(default)s)")
parser.add_argument("--classic-epochs", type=int, default=2000, help="epochs of (a) (default: %(default)s)")
arguments = parser.parse_args()
if hasattr(os, "sched_setaffinity"):  # before JAX starts its threads: what it uses cannot be set otherwise
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
torch.set_num_threads(arguments.threads)

MIXTURE = data.mixture_1d()
POINTS = MIXTURE.sample(500, torch.Generator().manual_seed(42))
NOISE = torch.special.ndtri((torch.arange(4000) + 0.5) / 4000)[:, None]
HIDDEN = (32, 64, 32)


def report(name: str, seconds: float, steps: int, members: int, w1: torch.Tensor) -> tuple[float, float]:
    """Print a row; return milliseconds per member and step, and seconds per trained model."""
    each, model = 1e3 * seconds / steps / members, seconds / members
    spread = f" ± {w1.std():.3f}" if w1.numel() > 1 else ""
    print(f"{name:44s} {1e3 * seconds / steps:8.3f} {each:9.4f} {model:9.3f}   {w1.mean():.3f}{spread}", flush=True)
    return each, model


def classic(epochs: int) -> tuple[float, float]:
    """One model, as tutorials train it."""
    torch.manual_seed(42)
    layers, width = [], 2
    for size in HIDDEN:
        layers += [nn.Linear(width, size), nn.SiLU()]
        width = size
    net = nn.Sequential(*layers, nn.Linear(width, 1))
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(POINTS), batch_size=64, shuffle=True)
    steps, total, fastest = 0, 0.0, float("inf")
    for _ in range(epochs):
        start = time.perf_counter()
        for (x,) in loader:
            z, t = torch.randn_like(x), torch.rand(len(x), 1)
            loss = (net(torch.cat([(1 - t) * z + t * x, t], 1)) - (x - z)).square().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item()
            steps += 1
        fastest = min(fastest, time.perf_counter() - start)
    with torch.no_grad():
        samples = heun(lambda x, t: net(torch.cat([x, t], 1)), NOISE, 100)[-1]
    return report(
        f"(a) classic loop, {epochs} epochs, batch 64", fastest * epochs, steps, 1, metrics.w1(samples, MIXTURE)
    )


def ours(members: int, batch: int, fresh: bool = False, steps: int = 0, lr: float = 1e-2) -> tuple[float, float]:
    """The library, all members in one net, on the 500 points or on fresh draws of their mixture."""
    method, steps = METHODS["fm"], steps or arguments.steps
    source = MIXTURE if fresh else POINTS
    seconds = float("inf")
    for _ in range(3):
        net = method.build(dim=1, hidden=HIDDEN, members=(members,))
        seconds = min(seconds, fit(method, net, source, steps=steps, batch=batch, lr=lr, progress=False).seconds)
    with torch.no_grad():
        samples = heun(net, NOISE.expand(members, -1, -1), 100)[-1]
    name = f"(b) gen_lib.fit, {members} members, batch {batch}{', fresh draws' if fresh else ''}"
    return report(name, seconds, steps, members, metrics.w1(samples, MIXTURE))


def in_jax(members: int, batch: int) -> tuple[float, float] | None:
    """The same arithmetic, compiled: jit over scan over vmapped members."""
    try:
        import jax
        import jax.numpy as jnp
        import optax
    except ImportError as missing:
        print(f"(c) not run: {missing} (pip install jax optax)")
        return None
    points, steps = jnp.asarray(POINTS.numpy()), arguments.steps
    sizes = (2, *HIDDEN, 1)
    adam = optax.adam(optax.cosine_decay_schedule(1e-2, steps))

    def build(key):
        weights = []
        for (a, b), k in zip(pairwise(sizes), jax.random.split(key, len(sizes) - 1), strict=True):
            i, j = jax.random.split(k)
            bound = a**-0.5
            weights.append([jax.random.uniform(q, s, minval=-bound, maxval=bound) for q, s in ((i, (a, b)), (j, (b,)))])
        return weights

    def net(weights, x, t):
        h = jnp.concatenate([x, t], -1)
        for w, b in weights[:-1]:
            h = jax.nn.silu(h @ w + b)
        w, b = weights[-1]
        return h @ w + b

    def loss(weights, key):
        i, j, k = jax.random.split(key, 3)
        x = points[jax.random.randint(i, (batch,), 0, len(points))]
        z, t = jax.random.normal(j, x.shape), jax.random.uniform(k, (batch, 1))
        return ((net(weights, (1 - t) * z + t * x, t) - (x - z)) ** 2).sum(-1).mean()

    def step(state, key):
        weights, moments = state
        value, gradient = jax.value_and_grad(loss)(weights, key)
        updates, moments = adam.update(gradient, moments)
        return (optax.apply_updates(weights, updates), moments), value

    def train(key):
        weights = build(key)
        (weights, _), values = jax.lax.scan(step, (weights, adam.init(weights)), jax.random.split(key, steps))
        return weights, values

    run = jax.jit(jax.vmap(train))
    keys = jax.random.split(jax.random.PRNGKey(0), members)
    jax.block_until_ready(run(keys))  # compile
    seconds = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        weights, _ = jax.block_until_ready(run(keys))
        seconds = min(seconds, time.perf_counter() - start)
    field = jax.jit(jax.vmap(net))

    def velocity(x, t):
        return torch.tensor(jax.device_get(field(weights, jnp.asarray(x.numpy()), jnp.asarray(t.numpy()))))

    samples = heun(velocity, NOISE.expand(members, -1, -1).contiguous(), 100)[-1]
    name = f"(c) JAX jit(vmap(scan)), {members:2d} members, batch {batch}"
    return report(name, seconds, steps, members, metrics.w1(samples, MIXTURE))


print(f"flow matching, {arguments.threads} thread(s), torch {torch.__version__}")
print(f"{'':44s} {'ms/step':>8s} {'ms/member':>9s} {'s/model':>9s}   W1")
_, classic_model = classic(arguments.classic_epochs)
rows = {(members, batch): ours(members, batch) for members in (1, 8, 32) for batch in (64, 256)}
_, fresh_model = ours(8, 320, fresh=True, steps=400, lr=2.5e-2)
in_jax_rows = {batch: in_jax(32, batch) for batch in (64, 256)}
print(f"\none of 8 members on fresh draws costs 1/{classic_model / fresh_model:.0f} of the classic run")
for batch, row in in_jax_rows.items():
    if row is not None:
        print(f"32 members cost {rows[32, batch][0] / row[0]:.2f} times JAX's, batch {batch}")
