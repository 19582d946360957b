"""Laws of everything that measures, follows or answers, over all that the packages export.

What moves together stays as far apart. Points without members are given to all members. A number does not depend on
torch's default precision and comes back in that of the points; half precision is refused by name. A function that is
exported and stands in no table below makes a test fail: give it a case, or say why a law does not apply.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import getmodule, isfunction

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from gen_lib import METHODS, couplings, data, images, likelihoods, metrics, nets, samplers, truth
from gen_lib.compare import compare, draw
from gen_lib.data import GaussianMixture
from gen_lib.likelihoods import Discretised, Gaussian, LearnedGaussian, OptimalGaussian
from gen_lib.likelihoods.gaussian import FreeGaussian

MEMBERS, N = 3, 24
SINGLE, DOUBLE = {torch.float32: (2.0**10, 2.0**17)}, {torch.float64: (2.0**20, 2.0**30)}
NOT_MOVED = {
    "a net does not move with the points": {"reconstruction_error", "bits_per_dimension", "elbo", "elbo_gap"},
    "draws points of its own, in torch's default precision": {"floor", "with_floor", "dequantised_bits"},
    "knows times, no positions": {"clock", "times", "Counted"},
    "holds numbers": {"WithFloor", "Modes", "Elbo", "ElboGap", "Estimate", "Ppca", "Copies", "Overlap"},
}
NO_POINTS = {"times", "Counted", "WithFloor", "Modes", "Elbo", "ElboGap", "Estimate", "Ppca", "Copies", "Overlap"}


@dataclass(frozen=True)
class Case:
    """A call of points x ``(*members, n, dim)`` and y ``(n, dim)``, and of how far the distributions are moved.

    Attributes:
        call: ``(x, y, by)`` to a tensor, or to several
        dim: dimension of the points
        moves: the result moves by so many times of what the points do
        reach: how far they are moved, as far as the precision can hold them
        rtol: of the comparison of one place with the other, in float64
        alone: what a member gets depends on its own points alone, and no net has members of its own
        takes: points are given to it
        drawn: it draws points of its own, or codes, in torch's default precision
    """

    call: Callable[..., object]
    dim: int = 2
    moves: float = 0
    reach: dict = None
    rtol: float = 1e-9
    alone: bool = True
    takes: bool = True
    drawn: bool = False


def points(dim: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Points with members, others, and others with members: multiples of 1/64, which can be moved without rounding."""
    shape, single = (MEMBERS, N, dim), torch.float32  # the same whatever torch's default precision is
    x, y, others = (torch.randn(shape, generator=Generator().manual_seed(s), dtype=single) for s in range(3))
    return tuple(((p * 64).round() / 64).to(dtype) for p in (x, 1.5 * y[0] + 0.5, others))


def moved(mixture: GaussianMixture, by: Tensor) -> GaussianMixture:
    return GaussianMixture(mixture.weights, mixture.means + by, mixture.covariances)


def line(by: Tensor) -> GaussianMixture:
    return moved(data.mixture_1d(), by[:1])


def plane(by: Tensor) -> GaussianMixture:
    return moved(data.mixture_2d(), by)


def round_one(by: Tensor) -> GaussianMixture:
    wide = torch.tensor([[2.0, 0.5], [0.5, 1.0]])
    return moved(GaussianMixture(torch.ones(1), torch.zeros(1, 2), wide[None]), by)


@cache
def built(method: str, dim: int):
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    made = METHODS[method].build(dim, members=(MEMBERS,), hidden=(8,))
    torch.set_default_dtype(before)
    return made


def net(method: str, x: Tensor):
    """The same weights in the precision of the points."""
    return copy.deepcopy(built(method, x.shape[-1])).to(x)


def bent(x: Tensor, y: Tensor) -> list[Tensor]:
    return [beside(x, y), x, x.roll(1, -2), x.roll(3, -2)]


def beside(x: Tensor, y: Tensor) -> Tensor:
    """y with the members of x, if there are any."""
    return y.expand(torch.broadcast_shapes(x.shape, y.shape))


def codes(x: Tensor) -> Tensor:
    """One that varies and one that hardly does."""
    hardly = x[..., :1, 1:] + (torch.arange(N) % 2 / 64)[:, None].to(x)
    return torch.cat([x[..., :1], hardly], -1)


def probe(x: Tensor, y: Tensor, by: Tensor) -> Tensor:
    known = torch.stack([torch.arange(N) % 3, torch.arange(N) % 5], -1).to(y)
    return metrics.linear_probe((x, y), (known + by.to(y), known.flip(0) + by.to(y)))


def classes(points: Tensor) -> Tensor:
    return torch.arange(points.shape[-2]) % 3


def cost(pair: tuple[Tensor, Tensor]) -> Tensor:
    return (pair[0].double() - pair[1].double()).square().sum((-2, -1)).to(pair[1])


def copies(x: Tensor, y: Tensor) -> list[Tensor]:
    """Of samples x: how many are nearest to the first points of y, and what chance would have made of them."""
    found = metrics.copies(x, y[..., :10, :], y[..., 10:, :])
    return [found.fraction, found.spread, found.p_value]


def right(by: Tensor) -> GaussianMixture:
    """The right component of the mixture on the line, as the class that guidance goes to."""
    return data.Labelled(line(by)).given(1)


def tilted(by: Tensor) -> truth.Tilted:
    return truth.Tilted(right(by), line(by), 3.0)


def seeded() -> Generator:
    return Generator().manual_seed(0)


def spring(by: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """A velocity towards a point that is moved along."""
    return lambda z, t: t * (by.to(z) - z)


METRICS = {
    "w1": Case(lambda x, y, by: metrics.w1(x, line(by)), dim=1, rtol=1e-7),
    "w1 to points": Case(lambda x, y, by: metrics.w1(x, y), dim=1),
    "w2": Case(lambda x, y, by: metrics.w2(x, y)),
    "w2 on the line": Case(lambda x, y, by: metrics.w2(x, y), dim=1),
    "sliced_w2": Case(lambda x, y, by: metrics.sliced_w2(x, y)),
    "energy_distance": Case(lambda x, y, by: metrics.energy_distance(x, y)),
    "mmd": Case(lambda x, y, by: metrics.mmd(x, y)),
    "mmd with bandwidths": Case(lambda x, y, by: metrics.mmd(x, y, (0.5, 2.0))),
    "diversity": Case(lambda x, y, by: metrics.diversity(x)),
    "linear_probe": Case(probe),
    "modes_covered": Case(lambda x, y, by: metrics.modes_covered(x, plane(by))),
    "class_probe": Case(lambda x, y, by: metrics.class_probe((x, y), (classes(y), classes(y)))),
    "neighbour_probe": Case(lambda x, y, by: metrics.neighbour_probe((x, y), (classes(y), classes(y)))),
    "nll": Case(lambda x, y, by: metrics.nll(x, plane(by))),
    "straightness": Case(lambda x, y, by: metrics.straightness(bent(x, y))),
    "path_energy": Case(lambda x, y, by: metrics.path_energy(bent(x, y))),
    "active_units": Case(lambda x, y, by: metrics.active_units(codes(x))),
    "copies": Case(lambda x, y, by: copies(x, y)),
    "frechet": Case(lambda x, y, by: metrics.frechet(x, plane(by)), rtol=1e-6),
    "frechet to points": Case(lambda x, y, by: metrics.frechet(x, y), rtol=1e-6),
    "frechet_bias": Case(
        lambda x, y, by: metrics.frechet_bias(plane(by).covariance, 9).to(x), alone=False, takes=False
    ),
    "precision_recall": Case(lambda x, y, by: torch.stack([*metrics.precision_recall(x, y)], -1)),
    "floor": Case(
        lambda x, y, by: metrics.floor(metrics.w2, data.mixture_2d(), 5, repeats=2).to(x),
        alone=False,
        takes=False,
        drawn=True,
    ),
    "with_floor": Case(lambda x, y, by: metrics.with_floor(metrics.energy_distance, x, data.ring()).value, drawn=True),
    "bits_per_dimension": Case(
        lambda x, y, by: metrics.bits_per_dimension(net("vae", x), x, codes=3), alone=False, drawn=True
    ),
    "elbo": Case(lambda x, y, by: metrics.elbo(net("vae", x), x, codes=3), alone=False, drawn=True),
    "dequantised_bits": Case(
        lambda x, y, by: metrics.dequantised_bits(plane(by).log_prob, x, 0.5, places=3), drawn=True
    ),
}
for name in METHODS:
    if METHODS[name].encode is not None:
        METRICS[f"reconstruction_error of {name}"] = Case(
            lambda x, y, by, name=name: metrics.reconstruction_error(METHODS[name], net(name, x), x), alone=False
        )

TRUTH = {  # at t = 1/2 the points are half as far as the data
    "log_prob_at": Case(lambda x, y, by: truth.log_prob_at(plane(2 * by), x, 0.5)),
    "score": Case(lambda x, y, by: truth.score(plane(2 * by), x, 0.5)),
    "velocity": Case(lambda x, y, by: truth.velocity(plane(2 * by), x, 0.5), moves=2),
    "velocity_variance": Case(lambda x, y, by: truth.velocity_variance(plane(2 * by), x, 0.5)),
    "flow_map": Case(lambda x, y, by: truth.flow_map(line(2 * by), x, 0.5, 0.75), dim=1, moves=1.5),
    "flow_map of one": Case(lambda x, y, by: truth.flow_map(round_one(2 * by), x, 0.5, 0.75), moves=1.5),
    "average_velocity": Case(lambda x, y, by: truth.average_velocity(line(2 * by), x, 0.5, 0.75), dim=1, moves=2),
    "average_velocity of one": Case(lambda x, y, by: truth.average_velocity(round_one(2 * by), x, 0.5, 0.75), moves=2),
    "pushforward_log_prob": Case(
        lambda x, y, by: truth.pushforward_log_prob(
            lambda z, t: by.to(z) + (z - t * by.to(z)).sin(), x[..., :4, :], rtol=1e-12, atol=1e-9
        ),
        dim=1,
        reach={torch.float64: (2.0**10, 2.0**16)},
        rtol=1e-5,
    ),
    "pushforward_log_prob through a net": Case(
        lambda x, y, by: truth.pushforward_log_prob(net("fm", x), x[..., :4, :], 1e-3, 1e-3), alone=False
    ),
    "irreducible_loss": Case(
        lambda x, y, by: x.new_tensor(truth.irreducible_loss(line(by)).value), dim=1, alone=False, takes=False
    ),
    "mixture_at": Case(
        lambda x, y, by: truth.mixture_at(plane(2 * by), 0.5).mean.to(x), moves=1, alone=False, takes=False
    ),
    "irreducible_loss in the plane": Case(
        lambda x, y, by: x.new_tensor(truth.irreducible_loss(plane(by), 1000, seeded()).value),
        rtol=1e-6,
        alone=False,
        takes=False,
        drawn=True,
    ),
    "guided_velocity": Case(
        lambda x, y, by: truth.guided_velocity(right(2 * by), line(2 * by), x, 0.5, 3.0), dim=1, moves=2
    ),
    "Tilted's density": Case(lambda x, y, by: tilted(by).log_prob(x), dim=1, rtol=1e-6),
    "Tilted's mean": Case(lambda x, y, by: tilted(by).mean.to(x), dim=1, moves=1, alone=False, takes=False),
    "Tilted's variance": Case(lambda x, y, by: tilted(by).variance.to(x), dim=1, rtol=1e-6, alone=False, takes=False),
    "Tilted's quantiles": Case(
        lambda x, y, by: tilted(by).quantile(torch.linspace(0.1, 0.9, N, dtype=torch.float64)).to(x),
        dim=1,
        moves=1,
        rtol=1e-6,
        alone=False,
        takes=False,
    ),
    "jensen_shannon": Case(
        lambda x, y, by: x.new_tensor(truth.jensen_shannon(line(by), line(by + 1)).value),
        dim=1,
        alone=False,
        takes=False,
    ),
    "jensen_shannon in the plane": Case(
        lambda x, y, by: x.new_tensor(truth.jensen_shannon(plane(by), plane(by + 1), 1000, seeded()).value),
        rtol=1e-6,
        alone=False,
        takes=False,
        drawn=True,
    ),
    "log_ratio": Case(lambda x, y, by: truth.log_ratio(plane(by), plane(by + 1), x)),
    "ppca": Case(lambda x, y, by: [getattr(truth.ppca(x, 1), part) for part in ("variance", "covariance", "log_prob")]),
    "ppca's directions": Case(lambda x, y, by: (w := truth.ppca(x, 1).weight) @ w.mT),
    "ppca's mean": Case(lambda x, y, by: truth.ppca(x, 1).mean, moves=1),
    "ppca of a mixture": Case(lambda x, y, by: truth.ppca(plane(by), 1).variance.to(x), alone=False, takes=False),
    "elbo_gap": Case(lambda x, y, by: truth.elbo_gap(net("vae", x), x[..., :3, :]), dim=1, alone=False),
}

SAMPLERS = {
    "once": Case(lambda x, y, by: samplers.once(lambda z: 2 * (z - by.to(z)), x)[-1]),
    "euler": Case(lambda x, y, by: samplers.euler(lambda z, t: t * (by.to(z) - z), x, 5)[-1], moves=1),
    "heun": Case(lambda x, y, by: samplers.heun(lambda z, t: t * (by.to(z) - z), x, 5)[-1], moves=1),
    "jump": Case(lambda x, y, by: samplers.jump(lambda z, t, r: r * (by.to(z) - z), x, 5)[-1], moves=1),
    "adaptive": Case(
        lambda x, y, by: samplers.adaptive(lambda z, t: t * (by.to(z) - z), x, 1e-12, 1e-9)[-1],
        moves=1,
        reach={torch.float64: (2.0**10, 2.0**17)},
        rtol=1e-6,
    ),
    "clock": Case(lambda x, y, by: samplers.clock(0.25, x)),
    "euler through a net": Case(lambda x, y, by: samplers.euler(net("fm", x), x, 2)[-1], alone=False),
    "heun through a net": Case(lambda x, y, by: samplers.heun(net("fm", x), x, 2)[-1], alone=False),
    "jump through a net": Case(lambda x, y, by: samplers.jump(net("meanflow", x), x, 2)[-1], alone=False),
    "adaptive through a net": Case(lambda x, y, by: samplers.adaptive(net("fm", x), x, 1e-3)[-1], alone=False),
    "once through a net": Case(lambda x, y, by: samplers.once(net("decoder", x), x)[-1], alone=False),
}

SAMPLERS |= {  # what they draw is held elsewhere: here the noise has strength zero, but for the keeping drift
    "keeping": Case(lambda x, y, by: samplers.keeping(spring(by), spring(by), 2.0)(x, samplers.clock(0.5, x))),
    "euler_maruyama": Case(lambda x, y, by: samplers.euler_maruyama(spring(by), x, 5, 0.0)[-1], moves=1),
    "stochastic_heun": Case(lambda x, y, by: samplers.stochastic_heun(spring(by), x, 5, 0.0)[-1], moves=1),
    "ddim": Case(lambda x, y, by: samplers.ddim(spring(by), x, 5)[-1], moves=1),
    "ddim through a net": Case(lambda x, y, by: samplers.ddim(net("fm", x), x, 2, start=0.1)[-1], alone=False),
    "euler_maruyama through a net": Case(
        lambda x, y, by: samplers.euler_maruyama(net("fm", x), x, 2, 0.0)[-1], alone=False
    ),
}

COUPLINGS = {
    "optimal": Case(lambda x, y, by: cost(couplings.optimal(x, beside(x, y)))),
    "optimal on the line": Case(lambda x, y, by: cost(couplings.optimal(x, beside(x, y))), dim=1),
    "independent": Case(lambda x, y, by: cost(couplings.independent(x, y)), takes=False),  # it looks at no number
}

DATA = {
    "GaussianMixture.log_prob": Case(lambda x, y, by: plane(by).log_prob(x)),
    "GaussianMixture.cdf": Case(lambda x, y, by: line(by).cdf(x), dim=1),
    "GaussianMixture.quantile": Case(
        lambda x, y, by: line(by).quantile(torch.linspace(0.1, 0.9, N, dtype=torch.float64).to(x)),
        dim=1,
        moves=1,
        alone=False,
    ),
    "GaussianMixture.whitened": Case(lambda x, y, by: plane(by).whitened(x)),
    "GaussianMixture.covariance": Case(lambda x, y, by: plane(by).covariance.to(x), alone=False, takes=False),
    "GaussianMixture.mean": Case(lambda x, y, by: plane(by).mean.to(x), moves=1, alone=False, takes=False),
}

RUNS = {}
for name, method in METHODS.items():
    RUNS[f"push of {name}"] = Case(lambda x, y, by, n=name: METHODS[n].push(net(n, x), x)[-1], alone=False)
    if method.encode is not None:
        RUNS[f"encode of {name}"] = Case(lambda x, y, by, n=name: METHODS[n].encode(net(n, x), x), alone=False)

CASES = {**METRICS, **TRUTH, **SAMPLERS, **COUPLINGS, **DATA, **RUNS}
STILL = set().union(*NOT_MOVED.values())
MOVED = [n for n in CASES if n.split()[0] not in STILL and "through a net" not in n and n not in RUNS]
PRECISE = [name for name in CASES if CASES[name].takes]


def called(case: Case, x: Tensor, y: Tensor, by: float = 0.0) -> list[Tensor]:
    """All tensors of the result that hold numbers."""
    found = case.call(x, y, torch.full((case.dim,), by, dtype=torch.float64))
    parts = [found] if isinstance(found, Tensor) else list(found)
    return [part.detach() for part in parts if part.dtype != torch.bool]


def public(module) -> set[str]:
    """What a module exports: by its list, or all functions and classes of its own."""
    if hasattr(module, "__all__"):
        return set(module.__all__)
    own = {n for n, v in vars(module).items() if getmodule(v) is module and (isfunction(v) or isinstance(v, type))}
    return {n for n in own if not n.startswith("_")}


@pytest.mark.parametrize(
    ("module", "table"), [(metrics, METRICS), (truth, TRUTH), (samplers, SAMPLERS), (couplings, COUPLINGS)]
)
def test_every_function_that_is_exported_has_a_case(module, table):
    listed = {name.split()[0].removesuffix("'s") for name in table}
    assert listed | (NO_POINTS & public(module)) == public(module)


@pytest.mark.parametrize("name", MOVED)
def test_what_moves_together_stays_as_far_apart(name):
    case = CASES[name]
    x, y, _ = points(case.dim)
    origin = called(case, x, y)
    for dtype, distances in (case.reach or {**SINGLE, **DOUBLE}).items():
        for far in distances:
            there_too = called(case, (x + far).to(dtype), (y + far).to(dtype), far)
            for there, here in zip(there_too, origin, strict=True):
                rounding = 32 * torch.finfo(dtype).eps * abs(case.moves * far)
                rtol = max(case.rtol, 1e-5 if dtype == torch.float32 else 0)
                expected = here + case.moves * far
                assert torch.allclose(there.double(), expected, rtol=0, atol=rtol * here.abs().max() + rounding), far


UNITS = {  # the power of the unit of length
    **dict.fromkeys(["w1 to points", "w2", "w2 on the line", "sliced_w2", "energy_distance", "diversity"], 1),
    **dict.fromkeys(["mmd", "linear_probe", "straightness", "path_energy"], 0),
    **dict.fromkeys(["class_probe", "neighbour_probe"], 0),
    **dict.fromkeys(["optimal", "optimal on the line", "independent"], 2),
    "ppca's mean": 1,
    "ppca's directions": 2,
    "frechet to points": 2,
    "precision_recall": 0,
}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("scale", [2.0**-30, 2.0**30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_distances_go_with_the_unit_of_length(name, scale, dtype):
    case = CASES[name]
    x, y, _ = points(case.dim, dtype)
    (here,), (there,) = called(case, x, y), called(case, scale * x, scale * y)
    atol = here.abs().max() * (1e-5 if dtype == torch.float32 else 1e-9)
    assert torch.allclose(there / scale ** UNITS[name], here, rtol=0, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_points_without_members_are_given_to_all(name):
    case = CASES[name]
    x, y, others = points(case.dim)
    for given in (y, others):
        alone, spread = called(case, x[0], given), called(case, x[0].expand_as(x), given)
        for one, each in zip(alone, spread, strict=True):
            assert torch.allclose(one.expand_as(each), each, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n].alone])
def test_a_member_gets_what_it_would_get_alone(name):
    case = CASES[name]
    x, y, _ = points(case.dim)
    for together, *alone in zip(called(case, x, y), *(called(case, part, y) for part in x), strict=True):
        assert torch.allclose(together, torch.stack(alone), rtol=1e-9, atol=1e-12)


@pytest.fixture(params=[torch.float32, torch.float64], ids=["single", "double"])
def default(request):
    """Torch's default precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(before)


@cache
def usual(name: str, dtype: torch.dtype) -> list[Tensor]:
    """The result in torch's usual default precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    x, y, _ = points(CASES[name].dim, dtype)
    found = called(CASES[name], x, y)
    torch.set_default_dtype(before)
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_default_precision_changes_nothing(name, dtype, default):
    case = CASES[name]
    x, y, _ = points(case.dim, dtype)
    found = called(case, x, y)
    assert all(part.dtype == dtype for part in found)
    for part, exact in zip(found, usual(name, dtype), strict=True):
        assert part.isfinite().all()
        if not case.drawn:
            assert torch.allclose(part, exact, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", PRECISE)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.usefixtures("unchecked")
def test_half_precision_is_refused_by_name(name, dtype):
    case = CASES[name]
    x, y, _ = (p.to(dtype) for p in points(case.dim))
    with pytest.raises(ValueError, match=rf"must be in float32 or float64, got {dtype}"):
        called(case, x, y)


@pytest.mark.parametrize("name", METHODS)
def test_a_net_has_the_default_precision_and_makes_points_in_it(name, default):
    method = METHODS[name]
    made = method.build(2, members=(2,), hidden=(4,))
    assert method.sample(made, 5).dtype == default
    z, x = torch.randn(2, 2, 5, 2)
    assert all(loss(made, z, x).dtype == default for _, loss in method.turns)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.usefixtures("unchecked")
def test_push_refuses_noise_that_it_cannot_take(name):
    z = points(2, torch.float32)[0]
    for bad, message in (
        (z / 0, "z must be finite"),
        (z[:, :0], r"z must have shape \(\.\.\., n, d\)"),
        (z[0, 0], r"z must have shape \(\.\.\., n, d\)"),
        (z.long(), "z must hold floating-point numbers"),
        (z.half(), "z must be in float32 or float64"),
        (z[..., :1], r"must have .* got shape"),
        (z[:2], r"must have no members or those of the net, \(3,\), got shape"),
        (z.double(), "must be in the precision of the net, torch.float32, got"),
    ):
        with pytest.raises(ValueError, match=message):
            METHODS[name].push(built(name, 2), bad)


def test_facm_takes_several_steps_from_noise_without_members():
    z = points(2, torch.float32)[0]
    states = METHODS["facm"].push(built("facm", 2), z[0], 3, seeded())
    assert [state.shape for state in states[1:]] == [z.shape] * 3


# Likelihoods


MADE = {
    **{name: lambda name=name: likelihoods.LIKELIHOODS[name]((MEMBERS,)) for name in likelihoods.LIKELIHOODS},
    "discretised": lambda: Discretised(Gaussian(0.3)),
}
CLASSES = {type(make()).__name__ for make in MADE.values()}
NO_LIKELIHOODS = {"LIKELIHOODS", "Likelihood", "Maker", "identity", "maker"}


def test_every_likelihood_has_a_case():
    assert CLASSES | NO_LIKELIHOODS == set(likelihoods.__all__)


def answers(likelihood, output: Tensor, x: Tensor) -> list[Tensor]:
    output = torch.cat([output] * likelihood.outputs, -1)
    return [likelihood.log_prob(output, x), likelihood.mean(output)]


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_likelihoods_keep_the_precision_and_share_points_without_members(name, dtype, default):
    output, x, _ = (p.to(dtype) for p in points(2))
    likelihood = MADE[name]().to(dtype)
    data_alone = answers(likelihood, output, x.sigmoid())
    output_alone = answers(likelihood, output[0], x.sigmoid().expand_as(output))
    assert all(part.dtype == dtype and part.isfinite().all() for part in (*data_alone, *output_alone))
    for one, each in zip(data_alone, answers(likelihood, output, x.sigmoid().expand_as(output)), strict=True):
        assert torch.allclose(one, each, rtol=1e-6)
    spread = answers(likelihood, output[0].expand_as(output), x.sigmoid().expand_as(output))
    assert torch.allclose(output_alone[0], spread[0], rtol=1e-6)
    if not likelihood.of_batch:  # such as one that has no sigma of its own to draw with
        drawn = likelihood.sample(torch.cat([output] * likelihood.outputs, -1), seeded())
        assert drawn.dtype == dtype
        assert drawn.isfinite().all()


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.usefixtures("unchecked")
def test_likelihoods_refuse_half_precision_by_name(name, dtype):
    output, x, _ = points(2)
    likelihood = MADE[name]()
    output = torch.cat([output] * likelihood.outputs, -1)
    for argument, call in (
        ("x", lambda: likelihood.log_prob(output.float(), x.sigmoid().to(dtype))),
        ("output", lambda: likelihood.log_prob(output.to(dtype), x.sigmoid().float())),
        ("output", lambda: likelihood.mean(output.to(dtype))),
    ):
        with pytest.raises(ValueError, match=f"{argument} must be in float32 or float64, got {dtype}"):
            call()


@pytest.mark.parametrize("name", MADE)
def test_the_decoder_gives_as_many_outputs_as_the_likelihood_needs(name):
    likelihood, z = MADE[name](), torch.randn(MEMBERS, 5, 2)
    for dim, maps in ((4, nets.plain), (48, nets.convolutional((3, 4, 4)))):
        made = nets.Autoencoder(dim, 2, (8,), (MEMBERS,), codes=2, likelihood=likelihood, maps=maps)
        output = made.decoder(z)
        assert output.shape == (MEMBERS, 5, likelihood.outputs * dim)
        assert likelihood.log_prob(output, torch.rand(5, dim)).shape == (MEMBERS, 5)
        assert made.decode(z).shape == (MEMBERS, 5, dim)
        if not likelihood.of_batch:
            assert likelihood.sample(output, seeded()).shape == (MEMBERS, 5, dim)


@pytest.mark.parametrize("name", MADE)
def test_a_likelihood_says_whether_it_depends_on_the_batch_and_how_an_output_becomes_a_mean(name):
    output, x, _ = points(2, torch.float32)
    likelihood = MADE[name]()
    output = torch.cat([output] * likelihood.outputs, -1)
    whole, part = (likelihood.log_prob(output[:, :n], x.sigmoid()[:n])[:, :2] for n in (N, 2))
    assert torch.allclose(whole, part) != likelihood.of_batch
    if likelihood.activation is not None and likelihood.outputs == 1:
        assert torch.equal(likelihood.mean(output), likelihood.activation(output))


def test_a_likelihood_that_lacks_something_fails_when_it_is_made():
    class Halved(likelihoods.Likelihood):
        def log_prob(self, output, x):
            return -(x - output).abs().sum(-1)

    with pytest.raises(TypeError, match=r"abstract class Halved .*mean.*sample"):
        Halved()
    with pytest.raises(TypeError, match=r"abstract class FreeGaussian .*sigma"):
        FreeGaussian()


@pytest.mark.parametrize("far", [2.0**10, 2.0**17])
def test_a_density_goes_with_output_and_data(far):
    output, x, _ = (p.float() for p in points(2))
    for make in (lambda span: Gaussian(0.3), lambda span: LearnedGaussian(), lambda span: OptimalGaussian()):
        assert torch.allclose(make(0).log_prob(output + far, x + far), make(0).log_prob(output, x))
    here, there = (Discretised(Gaussian(0.3), levels=4, span=(start, start + 3)) for start in (-1.0, far - 1))
    assert x.min() < -1  # so that the outer cells are seen
    assert x.max() > 2
    assert torch.allclose(there.log_prob(output + far, x + far), here.log_prob(output, x))


# Data and images


def test_everything_that_makes_data_has_a_case():
    kinds = {"TARGETS", "Density", "Digits", "Distribution", "GaussianMixture", "Labelled", "Shape", "Stored"}
    assert {*data.TARGETS, *kinds, "dequantised", "digits", "spikes", "split"} == set(data.__all__)
    kinds = {"FACTORS", "HUB", "ImageSet", "Unavailable"}
    read_as_a_folder = {"hub"}
    assert {"draw", "faces", "factors", "folder", *kinds, *read_as_a_folder} == set(images.__all__)


@dataclass
class Logistic:
    """A density that is not a mixture: what needs no more than that takes it."""

    dim: int = 1

    def sample(self, n, generator=None):
        u = torch.rand(*((n,) if isinstance(n, int) else n), self.dim, generator=generator)
        return torch.logit(u.clamp(1e-6, 1 - 1e-6))

    def log_prob(self, x):
        return (-x - 2 * torch.nn.functional.softplus(-x)).sum(-1)


def test_a_density_of_ones_own_is_one_everywhere():
    law, x = Logistic(), torch.linspace(-4, 4, 9, dtype=torch.float64)[:, None]
    assert isinstance(law, data.Density)
    assert isinstance(data.mixture_1d(), data.Density)
    assert not isinstance(data.moons(), data.Density)
    assert metrics.nll(law.sample(50_000, seeded()), law).item() == pytest.approx(2, abs=0.02)  # its entropy
    q = GaussianMixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))
    assert torch.equal(truth.log_ratio(law, q, x), law.log_prob(x) - q.log_prob(x))
    assert torch.equal(truth.log_ratio(q, law, x), -truth.log_ratio(law, q, x))
    found = compare(["decoder"], law, epochs=1, steps_per_epoch=1, members=(2,), samples=9, progress=False)
    _, axes = plt.subplots(1, 1, squeeze=False)
    draw(axes[0], found)
    (curve,) = axes[0, 0].lines
    plt.close()
    across, height = map(torch.as_tensor, curve.get_data())
    assert torch.allclose(height, law.log_prob(across[:, None]).exp())


@pytest.mark.usefixtures("unchecked")
def test_a_shape_has_no_density():
    for call, message in (
        (lambda: metrics.nll(torch.zeros(3, 2), data.moons()), "model must be a function or a distribution with"),
        (lambda: truth.log_ratio(data.mixture_2d(), data.moons(), torch.zeros(3, 2)), "q must be a distribution with"),
        (lambda: truth.ppca(data.moons(), 1), "data must be a GaussianMixture, got Shape"),
        (lambda: truth.jensen_shannon(Logistic(), Logistic()), "p must be a GaussianMixture, got Logistic"),
    ):
        with pytest.raises(TypeError, match=message):
            call()


@pytest.mark.parametrize("name", data.TARGETS)
def test_distributions_draw_in_the_default_precision(name, default):
    target = data.TARGETS[name]()
    assert target.sample(5).dtype == default
    assert target.sample((2, 5)).shape == (2, 5, target.dim)


def test_digits_and_parts_are_in_the_default_precision(default):
    digits = data.digits()
    assert digits.train.dtype == digits.test.dtype == default
    assert all(part.dtype == default for part in data.split(digits.test, (0.5, 0.5)))


def test_faces_are_the_same_in_every_precision(default, tmp_path):
    few = images.faces(10, size=16)
    assert few.train.dtype == few.train_labels.dtype == few.test.dtype == default
    torch.set_default_dtype(torch.float32)
    table = images.factors(torch.arange(10))
    assert torch.equal(few.test_labels.float(), table[4::5])
    assert torch.allclose(few.test.float(), images.draw(table[4::5], 16), atol=1e-4)
    assert torch.allclose(images.draw(table.double(), 16).float(), images.draw(table, 16), atol=1e-4)
    with pytest.raises(ValueError, match=r"factors must be in float32 or float64, got torch\.float16"):
        images.draw(table.half(), 16)


@pytest.mark.usefixtures("unchecked")
def test_folders_are_read_in_the_default_precision(default, tmp_path):
    for i in range(5):
        Image.new("RGB", (8, 8), (51 * i, 0, 0)).save(tmp_path / f"{i}.png")
    for size, channels, n in ((8, 3, 5), (np.int64(8), np.int64(3), np.int64(5))):
        found = images.folder(tmp_path, size, channels, n=n)
        assert found.train.dtype == default
        assert found.train[:, 0].tolist() == pytest.approx([0.0, 0.2, 0.4, 0.6])


# Whole numbers


WHOLE = {
    "mixture": lambda n: data.mixture_2d().sample(n, seeded()),
    "mixture, members": lambda n: data.mixture_2d().sample((n, n), seeded()),
    "plane": lambda n: data.moons().sample(n, seeded()),
    "plane, members": lambda n: data.moons().sample((n, n), seeded()),
    "split": lambda n: data.split(torch.arange(20.0), (0.5, 0.5), seed=n)[0],
    "faces": lambda n: images.faces(n, size=8).train,
    "draw": lambda n: images.draw(torch.full((2, 20), 0.5), size=n + 4),
    "euler": lambda n: samplers.euler(lambda x, t: x, torch.ones(2, 1), n)[-1],
    "heun": lambda n: samplers.heun(lambda x, t: x, torch.ones(2, 1), n)[-1],
    "jump": lambda n: samplers.jump(lambda x, t, r: x, torch.ones(2, 1), n)[-1],
    "adaptive": lambda n: samplers.adaptive(lambda x, t: x, torch.ones(2, 1), steps=n)[-1],
    "times": lambda n: torch.tensor(samplers.times(n)),
    "sliced_w2": lambda n: metrics.sliced_w2(*points(2)[:2], n),
    "floor": lambda n: metrics.floor(metrics.w2, data.mixture_2d(), n, n),
    "with_floor": lambda n: metrics.with_floor(metrics.w2, torch.ones(5, 2), data.mixture_2d(), n).floor,
    "bits_per_dimension": lambda n: metrics.bits_per_dimension(net("vae", points(2)[0]), points(2)[0], n),
    "irreducible_loss": lambda n: torch.tensor(truth.irreducible_loss(data.mixture_2d(), n, seeded())),
    "jensen_shannon": lambda n: torch.tensor(truth.jensen_shannon(data.grid(), data.ring(), n, seeded())),
    "ppca": lambda n: truth.ppca(data.GaussianMixture(torch.ones(1), torch.zeros(1, 9), torch.eye(9)[None]), n).mean,
    "build": lambda n: next(METHODS["vae"].build(n, latent=n, hidden=(n,), members=(n,), seed=n).parameters()),
    "method.sample": lambda n: METHODS["fm"].sample(built("fm", 2), n, seeded(), steps=n),
    "discretised": lambda n: Discretised(Gaussian(), levels=n).mean(torch.zeros(1, 1)),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.usefixtures("unchecked")
def test_a_whole_number_of_numpy_is_one(name):
    expected = WHOLE[name](5)
    for kind in (np.int64, np.int32, np.uint8):
        assert torch.equal(WHOLE[name](kind(5)), expected)
