"""Nets that are told a class, guidance with learned and with exact fields, and the density that it is taken for."""

import pickle

import pytest
import torch
from numpy.polynomial.legendre import leggauss
from scipy import stats
from torch import Generator
from torch.autograd import grad

from gen_lib import METHODS, data, fit, methods, nets, samplers, truth
from gen_lib.data import GaussianMixture, Labelled
from gen_lib.methods.conditional import guided, parted
from gen_lib.nets import NO_LABEL, Field
from gen_lib.paths import circle


def gaussians(weights, means, variances) -> GaussianMixture:
    numbers = (torch.tensor(part, dtype=torch.float64) for part in (weights, means, variances))
    weights, means, variances = numbers
    return GaussianMixture(weights, means[:, None], variances[:, None, None])


def near() -> GaussianMixture:
    """Two equal modes that overlap: the class is the right one."""
    return gaussians([0.5, 0.5], [-0.7, 0.7], [0.36, 0.36])


def wide() -> GaussianMixture:
    return gaussians([1.0], [0.0], [4.0])


def three() -> GaussianMixture:
    return gaussians([0.5, 0.2, 0.3], [-1.0, 0.5, 2.5], [0.5, 0.2, 0.3])


QUANTILES = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
NOISE = torch.special.ndtri(QUANTILES)[:, None]


def flow(conditional, mixture, guidance, steps=200):
    """Where the exact guided flow takes the quantiles of the noise."""

    def field(x, t):
        return truth.guided_velocity(conditional, mixture, x, t, guidance)

    return samplers.heun(field, NOISE, steps)[-1]


# Labelled points


def test_labels_are_the_components_and_their_points_those_of_the_class():
    labelled = Labelled(three(), classes=(0, 1, 1))
    x, c = parted(labelled.sample(200_000, Generator().manual_seed(0)))
    assert x.mean().item() == pytest.approx(three().mean.item(), abs=0.02)
    for label in (0, 1):
        own = x[c == label]
        assert len(own) / len(x) == pytest.approx(0.5, abs=0.01)
        ranks = labelled.given(label).cdf(own[:, None])
        assert stats.kstest(ranks.numpy(), "uniform").pvalue > 1e-3
    few = labelled.sample((2, 5), Generator().manual_seed(1))
    assert torch.equal(parted(few)[0], three().sample((2, 5), Generator().manual_seed(1)))
    assert torch.equal(Labelled(three()).given(2).means, three().means[2:])


def test_the_classes_of_a_mixture_add_up_to_it():
    labelled, x = Labelled(three(), classes=(4, 1, 1)), torch.linspace(-4, 4, 33, dtype=torch.float64)[:, None]
    parts = 0.5 * labelled.given(4).log_prob(x).exp() + 0.5 * labelled.given(1).log_prob(x).exp()
    assert torch.allclose(parts, three().log_prob(x).exp(), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Labelled(three(), classes=(0, 1)), "classes must have one entry for each of 3, got .0, 1"),
        (lambda: Labelled(three(), classes=(0, 1, -1)), "each of classes must be a whole number of at least 0"),
        (lambda: Labelled(three()).given(3), r"label must be one of \[0, 1, 2\], got 3"),
        (lambda: Field(dim=2, latent=2, classes=3), "latent must be the dimension of a datum without its label, 1"),
        (lambda: Field(dim=2, latent=1, classes=-1), "classes must be a whole number"),
        (lambda: methods.conditional(methods.fm(), 0), "classes must be a whole number of at least 1"),
        (lambda: methods.conditional(methods.fm(), 2, drop=1.5), "drop must lie from 0 to 1"),
        (
            lambda: methods.conditional(METHODS["gan"], 2),
            "method must be one of flows, whose net is a Field, got .*Adv",
        ),
        (lambda: methods.conditional(METHODS["backflow"], 2), "method must have independent pairs"),
        (lambda: guided(lambda x, t: x, torch.zeros(1, 1), float("nan")), "guidance must be a finite number"),
        (lambda: truth.Tilted(near(), near(), float("inf")), "guidance must be a finite number"),
        (lambda: truth.Tilted(data.mixture_2d(), near(), 2.0), "conditional must be a mixture of dimension 1"),
        (
            lambda: truth.Tilted(gaussians([1.0], [0.0], [4.0]), gaussians([1.0], [0.0], [1.0]), 2.0),
            "falls at both ends",
        ),
        (lambda: truth.Tilted(near(), near(), 2.0).quantile(torch.ones(1)), r"p must lie in \(0, 1\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# A net that is told the class


def test_a_field_is_told_one_number_per_class_and_none_without_a_label():
    net = Field(dim=3, latent=2, hidden=(8,), members=(2,), classes=3)
    x, t, c = torch.randn(2, 4, 2), torch.rand(2, 4, 1), torch.tensor([[0.0], [1], [2], [NO_LABEL]])
    told = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert torch.equal(net(x, t, labels=c), net.map(x, t, told))
    assert torch.equal(net(x, t, labels=c)[:, 3:], net(x, t)[:, 3:])
    assert torch.equal(net(x, t, labels=c.expand(2, 4, 1)), net(x, t, labels=c))
    assert torch.allclose(net.member(1)(x[1], t[1], labels=c), net(x, t, labels=c)[1], atol=1e-6)
    for bad in (torch.full((4, 1), 3.0), torch.full((4, 1), 0.5)):
        with pytest.raises(ValueError, match="labels must be whole numbers from 0 to 2, or -1, got"):
            net(x, t, labels=bad)
    with pytest.raises(ValueError, match="labels must not be given to a net without classes"):
        Field(dim=2, latent=2)(x, t, labels=c)


@pytest.mark.parametrize("drop", [0.0, 0.3, 1.0])
def test_labels_are_dropped_as_often_as_they_should(drop):
    seen = []

    def net(x_t, t, labels):
        seen.append(labels)
        return x_t

    x = torch.cat([torch.randn(20_000, 1), (torch.arange(20_000) % 2)[:, None]], -1)
    methods.conditional(methods.fm(), 2, drop).loss(net, torch.randn(20_000, 1), x)
    dropped = seen[0] == NO_LABEL
    assert dropped.float().mean().item() == pytest.approx(drop, abs=0.015)
    assert torch.equal(seen[0][~dropped], x[:, 1:][~dropped])


def test_the_loss_of_a_class_is_that_of_its_points():
    """At the exact fields of the classes it is less than at the field of all data by what the label explains."""
    labelled, method = Labelled(near()), methods.conditional(methods.fm(), 2, drop=0.0)
    x, z = labelled.sample(200_000, Generator().manual_seed(0)).double(), torch.randn(200_000, 1).double()

    def field(x_t, t, labels):
        parts = [truth.velocity(labelled.given(k), x_t, t) for k in (0, 1)]
        return torch.where(labels > 0.5, parts[1], parts[0])

    loss = method.loss(field, z, x)
    exact = truth.irreducible_loss(labelled.given(0)).value
    assert abs(loss.mean().item() - exact) < 5 * loss.std().item() / len(loss) ** 0.5
    assert truth.irreducible_loss(near()).value > 1.1 * exact


@pytest.mark.parametrize("name", ["fm", "meanflow"])
def test_one_net_learns_all_classes_and_all_data(name):
    labelled = Labelled(gaussians([0.3, 0.7], [-2.0, 2.0], [0.25, 0.25]))
    method = methods.conditional(METHODS[name], 2, drop=0.3)
    net = method.build(dim=2, latent=1, members=(2,))
    fit(method, net, labelled, steps=300, progress=False)
    z = torch.randn(2, 1000, 1, generator=Generator().manual_seed(0))
    for label, mean in ((0, -2.0), (1, 2.0)):
        made = method.push(net, z, labels=torch.full((1000, 1), float(label)))[-1]
        assert (made.mean((1, 2)) - mean).abs().max() < 0.25
    assert (method.push(net, z)[-1].mean((1, 2)) - 0.8).abs().max() < 0.5
    assert method.sample(net, 7, labels=torch.ones(7, 1), guidance=2.0).shape == (2, 7, 1)
    x = labelled.sample(50)
    assert method.encode(net, x).shape == (2, 50, 1)
    assert pickle.loads(pickle.dumps(method)).recipe.factory == method.recipe.factory


def test_the_density_of_a_class_adds_up_to_one():
    method = methods.conditional(methods.fm(), 2)
    net = method.build(dim=2, latent=1, seed=3)
    x = torch.linspace(-6, 6, 241)[:, None]
    for label in (0.0, 1.0):
        total = method.log_prob(net, torch.cat([x, torch.full_like(x, label)], -1)).exp().sum() * 0.05
        assert total.item() == pytest.approx(1, abs=2e-3)


# Guidance


def test_guidance_goes_from_all_data_to_the_class_and_beyond():
    calls = []

    def net(x, t, labels=None):
        calls.append(labels is None)
        return 2 * x if labels is None else 5 * x + labels

    x, t, c = torch.ones(3, 1), torch.zeros(3, 1), torch.tensor([[0.0], [1.0], [2.0]])
    for guidance, evaluations in ((0.0, 1), (1.0, 1), (4.0, 2), (-1.0, 2)):
        calls.clear()
        assert torch.allclose(guided(net, c, guidance)(x, t), 2 * x + guidance * (3 * x + c))
        assert len(calls) == evaluations
    labelled, y, now = Labelled(three(), (0, 1, 1)), torch.randn(2, 9, 1).double(), torch.rand(2, 9, 1).double()
    for path in (None, circle):
        chosen = {} if path is None else {"path": path}
        of_all, of_class = (truth.velocity(part, y, now, **chosen) for part in (three(), labelled.given(1)))
        found = truth.guided_velocity(labelled.given(1), three(), y, now, 3.0, **chosen)
        assert torch.allclose(found, of_all + 3 * (of_class - of_all), rtol=1e-12)


def test_push_follows_the_guided_field():
    method = methods.conditional(methods.fm(), 2)
    net = method.build(dim=2, latent=1, members=(2,), seed=1)
    z, c = torch.randn(2, 5, 1), torch.tensor([[0.0], [1], [0], [1], [1]])
    with torch.no_grad():
        by_hand = samplers.heun(lambda x, t: 3 * net(x, t, labels=c) - 2 * net(x, t), z, 7)[-1]
    assert torch.allclose(method.push(net, z, labels=c, guidance=3.0, steps=7)[-1], by_hand, atol=1e-5)
    assert torch.equal(method.push(net, z, steps=7)[-1], method.push(net, z, labels=c, guidance=0.0, steps=7)[-1])


def test_the_guided_flow_and_the_tilted_density_have_the_moments_of_the_book():
    right = Labelled(near()).given(1)
    x, tilted = flow(right, near(), 4.0), truth.Tilted(right, near(), 4.0)
    assert [x.mean().item(), x.std().item()] == pytest.approx([1.515, 0.352], abs=6e-4)
    assert [tilted.mean.item(), tilted.variance.item() ** 0.5] == pytest.approx([0.969, 0.468], abs=6e-4)


@pytest.mark.parametrize("guidance", [0.0, 0.4, 1.0, 2.5, 6.0, 40.0])
@pytest.mark.parametrize("make", [near, three, data.mixture_1d])
def test_the_tilted_density_is_what_its_definition_says(make, guidance):
    mixture = make()
    last = Labelled(mixture).given(len(mixture.weights) - 1)
    tilted = truth.Tilted(last, mixture, guidance)

    def height(x):
        return (guidance * last.log_prob(x[:, None]) + (1 - guidance) * mixture.log_prob(x[:, None])).exp()

    def integral(of, low=-9.0, high=9.0):
        """By Gauss's rule of ten nodes on each of three hundred pieces."""
        nodes, weights = (torch.from_numpy(part) for part in leggauss(10))
        edges = torch.linspace(low, high, 301, dtype=torch.float64)
        half = (edges[1:] - edges[:-1])[:, None] / 2
        return ((half * weights) * of((edges[:-1, None] + half * (1 + nodes)).flatten()).reshape(-1, 10)).sum().item()

    total, first, second = (integral(lambda x, k=k: x**k * height(x)) for k in range(3))
    assert tilted.mean.item() == pytest.approx(first / total, rel=1e-9)
    assert tilted.variance.item() == pytest.approx(second / total - (first / total) ** 2, rel=1e-8)
    x = torch.tensor([[-1.0], [0.3], [1.9]], dtype=torch.float64)
    assert torch.allclose(tilted.log_prob(x).exp(), height(x[:, 0]) / total, rtol=1e-8)
    for p in (0.03, 0.5, 0.9):
        q = tilted.quantile(torch.tensor([p], dtype=torch.float64)).item()
        assert integral(height, high=q) / total == pytest.approx(p, abs=1e-6)


def test_of_two_gaussians_the_tilted_density_is_one():
    tilted = truth.Tilted(gaussians([1.0], [1.0], [0.5]), wide(), 3.0)
    precision = 3 / 0.5 - 2 / 4
    assert tilted.variance.item() == pytest.approx(1 / precision, rel=1e-9)
    assert tilted.mean.item() == pytest.approx((3 / 0.5) / precision, rel=1e-9)
    law = stats.norm(tilted.mean.item(), tilted.variance.item() ** 0.5)
    p = torch.linspace(0.01, 0.99, 9, dtype=torch.float64)
    assert tilted.quantile(p)[:, 0].tolist() == pytest.approx(law.ppf(p.numpy()).tolist(), abs=1e-5)
    assert stats.kstest(tilted.sample(20_000, Generator().manual_seed(0))[:, 0].numpy(), law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("guidance", [0.0, 1.0])
def test_without_guidance_flow_and_density_agree(guidance):
    right = Labelled(near()).given(1)
    expected = truth.Tilted(right, near(), guidance).quantile(QUANTILES)
    assert torch.allclose(flow(right, near(), guidance), expected, atol=2e-3)


def test_at_the_data_the_guided_score_is_that_of_the_tilted_density():
    """So there, and nowhere else, guidance and density agree."""
    right, x = Labelled(near()).given(1), torch.linspace(-2, 3, 11, dtype=torch.float64)[:, None].requires_grad_()
    for guidance in (0.5, 1.0, 4.0):
        (slope,) = grad(truth.Tilted(right, near(), guidance).log_prob(x).sum(), x)
        of_all, of_class = (truth.score(part, x, 1.0) for part in (near(), right))
        assert torch.allclose(slope, of_all + guidance * (of_class - of_all), rtol=1e-9)


@pytest.mark.parametrize("guidance", [0.5, 4.0])
def test_a_mirror_image_is_guided_to_the_mirror_image(guidance):
    left, right = (Labelled(near()).given(k) for k in (0, 1))
    assert torch.allclose(flow(left, near(), guidance, 50), -flow(right, near(), guidance, 50).flip(0), atol=1e-12)
    means = [truth.Tilted(part, near(), guidance).mean.item() for part in (left, right)]
    assert means[0] == pytest.approx(-means[1], abs=1e-12)


def test_fields_are_exported():
    assert {"Field", "NO_LABEL"} <= set(nets.__all__)
