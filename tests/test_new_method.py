"""A new method is one short file; everything else takes it as it is."""

from pathlib import Path

import consistency
import torch

from gen_lib import METHODS, data, metrics
from gen_lib.compare import compare
from gen_lib.train import Stopping, fit, held_out_loss

SHORT = {"epochs": 2, "steps_per_epoch": 100, "batch": 64, "members": (3,), "samples": 500, "progress": False}


def test_it_is_short():
    assert len(Path(consistency.__file__).read_text("utf-8").splitlines()) <= 60


def test_it_is_compared_with_the_others_and_again_with_the_same_numbers():
    chosen = {"consistency": consistency.consistency(), "decoder": METHODS["decoder"]}
    torch.manual_seed(0)
    first, second = (compare(chosen, data.mixture_1d(), **SHORT).runs["consistency"] for _ in range(2))
    assert first.evaluations == 4
    assert torch.equal(first.frames, second.frames)
    assert torch.equal(first.distances["W1"].value, second.distances["W1"].value)  # though its sampler draws


def test_it_learns_where_the_data_are():
    method, mixture = consistency.consistency(), data.mixture_1d()
    net = method.build(dim=1, members=(4,))
    stopping = Stopping(held_out_loss(method, mixture.sample(200)), every=100, patience=9)
    fit(method, net, mixture, steps=1000, lr=2e-2, stopping=stopping, progress=False)
    samples = method.sample(net, 1000, torch.Generator().manual_seed(0))
    assert torch.equal(samples, method.sample(net, 1000, torch.Generator().manual_seed(0)))
    at_the_mean = metrics.w1(mixture.mean.float().expand(1000, 1), mixture)
    assert metrics.w1(samples, mixture).mean() < at_the_mean / 2
