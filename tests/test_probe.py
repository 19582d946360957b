"""What can be read from codes: classes, by a map or by neighbours; and what the codes cost."""

import math

import pytest
import torch
from torch import Generator

from gen_lib import METHODS, fit, metrics, truth
from gen_lib.data import mixture_1d
from gen_lib.methods.vae import posterior

PROBES = (metrics.class_probe, metrics.neighbour_probe)


def normal(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def clusters(n: int, apart: float, classes: int = 5, latent: int = 3, seed: int = 0):
    """Codes around the corners of a simplex or their sums, and their classes: to fit on, and held out."""
    middles = apart * normal(classes, latent, seed=99)
    labels = torch.arange(2 * n) % classes
    codes = middles[labels] + normal(2 * n, latent, seed=seed)
    return (codes[:n], codes[n:]), (labels[:n], labels[n:])


def changed(codes, by):
    return tuple(by(c) for c in codes)


@pytest.mark.parametrize("probe", PROBES)
def test_classes_that_lie_apart_are_read_without_an_error_whatever_they_are_called(probe):
    codes, labels = clusters(200, apart=20.0)
    assert probe(codes, labels) == 1
    for names in (torch.tensor([40, 3, 17, 0, 8]), torch.tensor([1, 0, 3, 2, 4])):
        assert probe(codes, changed(labels, lambda y, names=names: names[y])) == 1
    assert probe(codes, (labels[0], (labels[1] + 1) % 5)) == 0


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("latent", [2, 60])
def test_of_noise_nothing_is_read(probe, latent):
    m, classes = 4000, 4
    labels = torch.arange(m) % classes
    found = probe((normal(200, latent), normal(m, latent, seed=1)), (labels[:200], labels))
    chance = 1 / classes
    assert abs(found - chance) < 4 * math.sqrt(chance * (1 - chance) / m)


def test_the_best_map_between_two_gaussians_is_found():
    """Of equal covariance S the best rule is affine, and right with probability Phi(d / 2), d the distance in S."""
    n, root, shift = 20_000, torch.tensor([[2.0, 0.0], [1.5, 0.5]]).double(), torch.tensor([1.0, -0.5]).double()
    labels = torch.arange(2 * n) % 2
    codes = normal(2 * n, 2) @ root.mT + labels[:, None] * shift
    best = torch.special.ndtr(torch.linalg.solve(root, shift).norm() / 2)
    found = metrics.class_probe((codes[:n], codes[n:]), (labels[:n], labels[n:]))
    assert abs(found - best) < 4 * (best * (1 - best) / n).sqrt()


AFFINE = torch.tensor([[3.0, 1.0, -2.0], [0.5, 1e-3, 7.0], [40.0, 2.0, 2.0]]).double()


def test_an_affine_map_of_the_codes_changes_nothing():
    codes, labels = clusters(300, apart=0.8)
    found = metrics.class_probe(codes, labels)
    assert 0.5 < found < 0.9
    assert metrics.class_probe(changed(codes, lambda c: c @ AFFINE + 100), labels) == found
    twice = changed(codes, lambda c: torch.cat([c, c @ AFFINE, torch.full_like(c, 3.0)], -1))
    assert metrics.class_probe(twice, labels) == found


def test_neighbours_stay_neighbours_when_codes_turn_but_not_when_one_latent_is_stretched():
    codes, labels = clusters(300, apart=2.0)
    turn = torch.linalg.qr(AFFINE).Q
    found = metrics.neighbour_probe(codes, labels)
    assert metrics.neighbour_probe(changed(codes, lambda c: 7 * c @ turn + 3), labels) == found
    noise = changed(codes, lambda c: torch.cat([c, 1e3 * normal(len(c), 1, seed=5)], -1))
    assert metrics.neighbour_probe(noise, labels) < found - 0.1


def test_neighbours_vote():
    codes, labels = clusters(300, apart=0.8)
    assert metrics.neighbour_probe((codes[0], codes[0]), (labels[0], labels[0]), neighbours=1) == 1
    many = torch.where(labels[0] < 2, 1, labels[0])  # 2 of 5 classes have become one
    held = torch.where(labels[1] < 2, 1, labels[1])
    assert metrics.neighbour_probe(codes, (many, held), neighbours=300) == pytest.approx(0.4)


@pytest.mark.parametrize("probe", PROBES)
def test_a_member_is_probed_alone(probe):
    codes, labels = clusters(100, apart=1.0)
    other, _ = clusters(100, apart=0.0, seed=4)
    together = probe(tuple(torch.stack(pair) for pair in zip(codes, other, strict=True)), labels)
    assert together.tolist() == [probe(codes, labels), probe(other, labels)]


def test_codes_that_are_all_the_same_say_nothing():
    labels = torch.tensor([0, 1, 1, 1, 0, 1])
    assert metrics.class_probe((torch.ones(6, 2), torch.ones(6, 2)), (labels, labels)) == pytest.approx(4 / 6)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize(
    ("codes", "labels", "message"),
    [
        ((20, 4), ([0, 1] * 10, [0, 1, 0]), r"held-out codes need a label each, .* codes \(4, 2\) and labels \(3,\)"),
        ((20, 4), ([0] * 20, [0] * 4), r"fitted labels must be of two classes at least, got \[0\] only"),
        ((20, 4), ([0, 1] * 10, [0, 1, 5, 7]), r"classes among the fitted ones, got also \[5, 7\]"),
        ((20, 4), ([0.5, 1.0] * 10, [0.5, 1.0] * 2), "whole numbers of shape .* of torch.float32"),
    ],
)
def test_what_cannot_be_probed_is_refused(probe, codes, labels, message):
    with pytest.raises(ValueError, match=message):
        probe(tuple(torch.rand(n, 2) for n in codes), tuple(torch.tensor(y) for y in labels))


def test_more_neighbours_than_codes_are_refused():
    codes, labels = clusters(20, apart=1.0)
    with pytest.raises(ValueError, match="neighbours must be at most the number of codes, 20, got 21"):
        metrics.neighbour_probe(codes, labels, neighbours=21)


@pytest.fixture(scope="module")
def trained():
    vae, x = METHODS["vae"], mixture_1d().sample(200, Generator().manual_seed(0))
    net = vae.build(dim=1, latent=1, hidden=(16,), members=(2,))
    fit(vae, net, x, steps=200, lr=1e-2, progress=False)
    return net, x


def test_the_bound_is_that_of_the_integral(trained):
    net, x = trained
    found, exact = metrics.elbo(net, x, codes=400), truth.elbo_gap(net, x)
    assert torch.allclose(found.value, exact.elbo.mean(-1), atol=0.01)
    assert (found.kl > 0.3).all()  # so that another sign, or a half, would be seen
    assert torch.equal(found.value, -(found.reconstruction + found.kl.sum(-1)))


def test_the_bound_in_bits_is_that_of_one_code():
    vae = METHODS["vae"]
    net, x = vae.build(dim=4, latent=3, members=(2,), seed=3), normal(300, 4).float()
    drawn = torch.stack(
        [metrics.bits_per_dimension(net, x, codes=1, generator=Generator().manual_seed(s)) for s in range(40)]
    )
    found = metrics.elbo(net, x)
    expected = -found.value / (4 * math.log(2))
    assert ((drawn.mean(0) - expected).abs() < 5 * drawn.std(0) / 40**0.5 + 2e-3).all()
    mean, log_variance = posterior(net, x)
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    by_torch = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).mean(-2)
    assert torch.allclose(found.kl, by_torch, rtol=1e-4)


@pytest.mark.parametrize("measure", [metrics.elbo, metrics.bits_per_dimension])
@pytest.mark.parametrize(("method", "message"), [("ae", "Autoencoder with an encoder that gives 2"), ("fm", "Field")])
@pytest.mark.usefixtures("unchecked")
def test_a_net_without_a_distribution_of_codes_has_no_bound(measure, method, message):
    with pytest.raises(ValueError, match=f"net must be a VAE, .*got {message}"):
        measure(METHODS[method].build(dim=2), torch.zeros(5, 2))
