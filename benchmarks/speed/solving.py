"""Sections on what comes after training: samples, likelihoods, and the pairs of optimal transport."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gen_lib import couplings, methods
from gen_lib.samplers import Counted, euler, heun
from gen_lib.truth import pushforward_log_prob

from .clock import race, repeated

Row = dict[str, object]
Function = Callable[[Counted, Tensor], Tensor]  # of a net and its points


class Contest:
    """The same nets for both: all members in one, and each of them alone, as flow_matching's solver takes them."""

    def __init__(self, dim: int, members: int, points: int, dtype: torch.dtype = torch.float32):
        whole = methods.fm().build(dim=dim, members=(members,), seed=0).to(dtype).requires_grad_(False)
        self.members, self.whole, self.lone = members, Counted(whole), []
        self.lone += [Counted(whole.member(number)) for number in range(members)]
        self.x = torch.randn(members, points, dim, dtype=dtype, generator=torch.Generator().manual_seed(0))

    def one_by_one(self, function: Callable[[Counted, Tensor], Tensor]) -> Tensor:
        return torch.stack([function(net, own) for net, own in zip(self.lone, self.x, strict=True)])

    def rows(self, theirs: Function, ours: Function, tolerance: float, rounds: int) -> list[Row]:
        """The library with all members at once and with one after the other, and flow_matching's solver."""
        runs: dict[tuple[str, int], Callable[[], Tensor]] = {
            ("flow_matching", 1): lambda: self.one_by_one(theirs),
            ("gen_lib", 1): lambda: self.one_by_one(ours),
            ("gen_lib", self.members): lambda: ours(self.whole, self.x),
        }
        found, evaluations = {}, {}
        for key, run in runs.items():
            before = self.whole.evaluations + self.lone[0].evaluations
            found[key] = run()
            evaluations[key] = self.whole.evaluations + self.lone[0].evaluations - before
            torch.testing.assert_close(found[key], found["flow_matching", 1], rtol=0, atol=tolerance, check_dtype=False)
        timed = race({key: repeated(run, 1) for key, run in runs.items()}, rounds)
        return [
            {"who": who, "members": members, "ms per model": timed[who, members].ms / self.members}
            | {"evaluations": evaluations[who, members]}
            for who, members in runs
        ]


def solver(net: Counted):
    """flow_matching's solver gives one time for all points."""
    from flow_matching.solver import ODESolver

    return ODESolver(lambda x, t: net(x, t.expand(len(x), 1)))


def sampling(quick: bool) -> list[Row]:
    """Samples from each of 8 nets in the plane in 50 steps, the same from all (to 1e-4): all nets at once, or one after
    the other."""
    members, steps, rounds = (2, 4, 2) if quick else (8, 50, 3)
    rows: list[Row] = []
    for points in (10, 20) if quick else (500, 2000):
        for name, ours, method in (("Euler", euler, "euler"), ("Heun", heun, "heun2")):
            with torch.no_grad():
                found = Contest(2, members, points).rows(
                    lambda net, z, method=method: solver(net).sample(z, 1 / steps, method),
                    lambda net, z, ours=ours: ours(net, z, steps)[-1],
                    1e-4,
                    rounds,
                )
            rows += [{"method": name, "points": points} | row for row in found]
    return rows


def likelihood(quick: bool) -> list[Row]:
    """Exact log-likelihood of 500 points under each of 8 nets: method of Dormand and Prince, exact divergence,
    tolerances of 1e-6, values equal to 1e-4. The library bounds the error of the worst point of all, the solver of
    flow_matching the mean square over the points of a net."""
    members, points, rounds = (2, 10, 2) if quick else (8, 500, 2)
    settings = {"method": "dopri5", "atol": 1e-6, "rtol": 1e-6, "exact_divergence": True}
    rows: list[Row] = []
    for dim in (1, 2):
        found = Contest(dim, members, points, torch.float64).rows(
            lambda net, x: solver(net).compute_likelihood(x.clone(), normal, None, **settings)[1],
            lambda net, x: pushforward_log_prob(net, x, rtol=1e-6, atol=1e-6),
            1e-4,
            rounds,
        )
        rows += [{"dimension": dim} | row for row in found]
    return rows


def normal(z: Tensor) -> Tensor:
    return -(z.square() + math.log(2 * math.pi)).sum(-1) / 2


def pairs(quick: bool) -> list[Row]:
    """Optimal pairs of noise and data in the plane, the distances included; the total cost is equal (to 1e-9)."""
    from scipy.optimize import linear_sum_assignment

    rows: list[Row] = []
    for points, times in {8: 1, 16: 1}.items() if quick else {64: 20, 256: 5, 512: 2, 1024: 1}.items():
        z, x = torch.randn(2, points, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(points))
        x = x + torch.tensor([3.0, 0.0]) * x[:, :1].sign()

        def by_us(z=z, x=x) -> Tensor:
            return couplings.optimal(z, x)[1]

        def by_scipy(z=z, x=x) -> Tensor:
            return x[torch.as_tensor(linear_sum_assignment(torch.cdist(z, x).square().numpy())[1])]

        costs = [(z - best()).square().sum() for best in (by_us, by_scipy)]
        torch.testing.assert_close(*costs, rtol=1e-9, atol=0)
        timed = race({"scipy": repeated(by_scipy, times), "gen_lib": repeated(by_us, times)}, 3)
        rows += [{"points": points, "who": who, "members": 1, "ms per model": run.ms} for who, run in timed.items()]
    return rows
