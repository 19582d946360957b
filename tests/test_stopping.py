"""Early stopping: each member by itself, and looking changes nothing."""

import copy
import math
import time

import pytest
import torch
from torch import nn

from gen_lib import METHODS, Method, Turn, data, draws, fit, methods
from gen_lib.nets import Decoder
from gen_lib.train import NotFinite, Stopping, constant, held_out_loss, sample_distance
from gen_lib.train.stops import ScoreNotFinite

TRAIN, VALIDATION = data.split(data.moons().sample(60, torch.Generator().manual_seed(0)), (0.5, 0.5))
GAMES = ["gan", "wgan"]
QUIET = {"steps": 60, "batch": 4, "seed": 7, "lr": 0.01, "schedule": constant, "progress": False}


def score_of(name):
    return (sample_distance if name in GAMES else held_out_loss)(METHODS[name], VALIDATION)


def scripted(scores):
    """A score that was written down before, shape ``(checks, *members)``; the first call is the trial."""
    calls = iter([scores[0], *scores])
    return lambda net: next(calls)


def trained(name="fm", members=(3,), seed=7, watch=None, **stopping):
    net = METHODS[name].build(dim=2, members=members, seed=seed, hidden=(8,)).double()
    stopping = Stopping(**{"score": score_of(name), "every": 5, "patience": 2, **stopping})
    return net, fit(METHODS[name], net, TRAIN, **{**QUIET, "seed": seed}, stopping=stopping, watch=watch)


@pytest.mark.parametrize("name", METHODS)
def test_a_member_among_many_stops_as_it_does_alone(name):
    together, history = trained(name)
    assert len(history.stopped.unique()) > 1  # else those who stop first would not be tested
    for i in range(3):
        alone, lone = trained(name, members=(), seed=7 + i)
        steps = int(lone.stopped)
        assert history.best_step[i] == lone.best_step
        assert history.stopped[i] == steps
        assert torch.allclose(history.scores[: len(lone.checks), i], lone.scores)
        assert history.scores[len(lone.checks) :, i].isnan().all()
        for key, curve in history.losses.items():
            assert torch.allclose(curve[:steps, i], lone.losses[key], atol=1e-5)
            assert curve[steps:, i].isnan().all()
        for key, value in alone.state_dict().items():
            if value.shape != together.state_dict()[key].shape:  # a buffer that all members share has none
                assert torch.allclose(together.state_dict()[key][i], value, atol=1e-6), key
                assert torch.allclose(history.last[key][i], lone.last[key], atol=1e-6), key


@pytest.mark.parametrize("name", METHODS)
def test_a_score_has_the_precision_of_the_weights_while_losses_are_computed_in_half(name):
    net, score = METHODS[name].build(dim=2, members=(3,), seed=7, hidden=(8,)), score_of(name)
    with torch.autocast("cpu", torch.bfloat16):
        half = score(net)
    assert torch.equal(half, score(net))


@pytest.mark.parametrize("name", METHODS)
def test_looking_changes_no_number_of_the_training(name):
    unseen = METHODS[name].build(dim=2, members=(3,), seed=7, hidden=(8,)).double()
    losses = fit(METHODS[name], unseen, TRAIN, **QUIET).losses
    for score in (score_of(name), lambda net: draws.normal((3, 40_000)).mean(-1)):
        _, history = trained(name, score=score, patience=1000)
        assert all(torch.equal(history.losses[key], losses[key]) for key in losses)
        assert all(torch.equal(history.last[key], value) for key, value in unseen.state_dict().items())


@pytest.mark.parametrize("name", ["fm", "gan"])
def test_every_member_is_left_at_its_best_and_kept_where_it_stopped(name):
    states = []
    net, history = trained(name, watch=lambda step, net: states.append(copy.deepcopy(net.state_dict())))
    assert len(states) == history.stopped.max() + 1
    assert len(history.losses["loss" if name == "fm" else "critic"]) == history.stopped.max()
    for i, (best, stopped) in enumerate(zip(history.best_step, history.stopped, strict=True)):
        for key, value in net.state_dict().items():
            assert torch.equal(value[i], states[best][key][i])
            assert torch.equal(history.last[key][i], states[stopped][key][i])
            assert torch.equal(history.last[key][i], states[-1][key][i])
    assert torch.equal(history.best_step, 5 * (1 + history.scores.nan_to_num(nan=torch.inf).argmin(0)))


@pytest.mark.parametrize("patience", [1, 2, 3])
@pytest.mark.parametrize("every", [7, 10])
def test_when_to_stop_is_as_counted_by_hand(every, patience):
    checks = [*range(every, 60, every), 60]
    scores = torch.randint(0, 9, (len(checks), 40), generator=torch.Generator().manual_seed(0)).float()  # with ties
    scores[:, 0] = -torch.arange(len(checks))  # ever better
    _, history = trained("decoder", (40,), score=scripted(scores), every=every, patience=patience)
    for i, column in enumerate(scores.T.tolist()):
        best = 0
        for k in range(len(checks)):
            best = k if column[k] < column[best] else best
            if k - best == patience:
                break
        assert history.best_step[i] == checks[best]
        assert history.stopped[i] == checks[k]
        assert torch.equal(history.scores[: k + 1, i], scores[: k + 1, i])
        assert history.scores[k + 1 :, i].isnan().all()
    assert history.checks == checks


def test_a_run_ends_when_the_last_member_has_stopped():
    scores = torch.tensor([[1.0, 1.0], [2.0, 0.0], [9.0, 2.0], [9.0, 9.0]])
    _, history = trained("decoder", (2,), score=scripted(scores), patience=1)
    assert history.checks == [5, 10, 15]
    assert history.stopped.tolist() == [10, 15]
    assert history.losses["loss"].shape == (15, 2)


def test_without_stopping_there_is_nothing_to_tell():
    history = fit(METHODS["decoder"], METHODS["decoder"].build(dim=2), TRAIN, **QUIET)
    assert (history.checks, history.last) == ([], {})
    assert history.scores.numel() == history.best_step.numel() == history.stopped.numel() == 0


def explodes(member, after):
    """A method whose loss is NaN for one of three members after so many steps."""
    calls = iter(range(1000))

    def loss(net, z, x):
        broken = torch.ones(3, 1)
        broken[member] = float("nan") if next(calls) >= after else 1.0
        return (net(z) - x).square().sum(-1) * broken

    return Method(architecture=Decoder, turns=(Turn("", loss),), push=methods.decoder().push)


def test_what_happens_to_a_member_after_its_stop_concerns_nobody():
    method = explodes(member=1, after=12)
    net = method.build(dim=2, members=(3,))
    scores = torch.arange(12.0)[:, None] * torch.tensor([-1.0, 1.0, -1.0])  # the second gets ever worse
    scores[2:, 1] = torch.nan
    history = fit(method, net, TRAIN, **QUIET, stopping=Stopping(scripted(scores), every=5, patience=1))
    assert history.stopped.tolist() == [60, 10, 60]
    assert history.best_step.tolist() == [60, 5, 60]
    assert all(value.isfinite().all() for value in [*net.state_dict().values(), *history.last.values()])


def test_a_loss_that_is_not_finite_is_told_with_the_scores_so_far():
    method = explodes(member=1, after=33)
    net = method.build(dim=2, members=(3,))
    scores = torch.tensor([[1.0, 3.0, 1.0], [2.0, 2.0, 0.0], [3.0, 1.0, -1.0]])
    with pytest.raises(NotFinite, match=r"at step 33 in member\(s\) \[\[1\]\]") as caught:
        fit(method, net, TRAIN, **QUIET, stopping=Stopping(scripted(scores), every=10, patience=1))
    history = caught.value.history
    assert history.checks == [10, 20, 30]
    assert history.stopped.tolist() == [20, 34, 34]
    assert history.best_step.tolist() == [10, 30, 30]
    assert history.losses["loss"].shape == (34, 3)
    assert history.losses["loss"].isfinite().sum(0).tolist() == [20, 33, 34]
    for key, value in net.state_dict().items():
        assert torch.equal(value, history.last[key])
        assert torch.equal(value, caught.value.checkpoint[key])


def test_a_score_that_is_not_finite_is_refused_with_its_members():
    scores = torch.tensor([[1.0, 1.0], [1.0, torch.inf]])
    with pytest.raises(ScoreNotFinite, match=r"must be finite, after 10 steps member\(s\) \[\[1\]\] got"):
        trained("decoder", (2,), score=scripted(scores), patience=5)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda net: torch.zeros(2), r"stopping.score must give .* a tensor \(3,\), got shape \(2,\)"),
        (lambda net: torch.zeros(()), r"stopping.score must give .* a tensor \(3,\), got shape \(\)"),
        (lambda net: 0.5, r"stopping.score must give .* a tensor \(3,\), got 0.5"),
    ],
)
def test_a_score_of_the_wrong_shape_is_refused_before_anything_moves(score, message):
    net = METHODS["fm"].build(dim=2, members=(3,))
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(ValueError, match=message):
        fit(METHODS["fm"], net, TRAIN, **QUIET, stopping=Stopping(score))
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_a_net_is_scored_in_evaluation_mode_and_put_back_into_its_own():
    class Modes(Decoder):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.frozen, self.dropout = nn.Dropout().eval(), nn.Dropout()

    method = Method(architecture=Modes, turns=METHODS["decoder"].turns, push=METHODS["decoder"].push)
    net = method.build(dim=2)
    before, seen = [module.training for module in net.modules()], []

    def score(net):
        seen.append((torch.is_grad_enabled(), *{module.training for module in net.modules()}))
        return torch.zeros(())

    fit(method, net, TRAIN, **QUIET, stopping=Stopping(score, every=30))
    assert seen == [(False, False)] * 3
    assert [module.training for module in net.modules()] == before


def test_the_bar_shows_the_score(capsys):
    stopping = Stopping(lambda net: torch.tensor([1.0, 1.5]), every=1)
    net = METHODS["decoder"].build(dim=2, members=(2,))
    fit(
        METHODS["decoder"], net, TRAIN, steps=4, stopping=stopping, watch=lambda *_: time.sleep(0.11)
    )  # or it says nothing
    assert "score 1.25" in capsys.readouterr().err


# Scores


@pytest.mark.parametrize("name", METHODS)
def test_a_score_is_the_same_every_time_and_leaves_everything_as_it_was(name):
    method, score = METHODS[name], score_of(name)
    net = method.build(dim=2, members=(3,))
    torch.manual_seed(1)
    first = score(net)
    assert first.shape == (3,)
    assert first.isfinite().all()
    assert not first.requires_grad
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after)
    assert torch.equal(score(net), first)
    for i in range(3):
        assert torch.allclose(score(method.build(dim=2, seed=i)), first[i], rtol=1e-4)


def test_the_held_out_loss_of_an_autoencoder_is_its_error_on_those_points():
    method = METHODS["ae"]
    net = method.build(dim=2, latent=1, members=(3,))
    error = (net.decoder(net.encoder(VALIDATION)) - VALIDATION).square().sum(-1).mean(-1)
    assert torch.allclose(held_out_loss(method, VALIDATION)(net), error + math.log(math.pi))


@pytest.mark.parametrize("name", ["fm", "meanflow", "backflow", "facm"])
def test_the_held_out_loss_of_a_field_at_rest_is_the_mean_square_of_its_paths(name):
    net = METHODS[name].build(dim=1, members=(2,))
    for weight in net.parameters():
        weight.data.zero_()
    x = 3 + torch.randn(4000, 1)
    loss = held_out_loss(METHODS[name], x)(net)
    distance = 9.0 if name == "backflow" else 11.0  # E (x - z)^2 = 3^2 + 1 + 1; optimal pairs differ by 3 alone
    if name == "facm":  # the anchor, and consistency times E cos^...: at rest the shortcut's target is v, too
        distance *= 1 + 2 / torch.pi
    assert torch.allclose(loss, torch.tensor(distance), rtol=0.04)


def test_noise_and_times_of_a_held_out_loss_are_independent():
    seen = []

    def loss(net, z, x):
        seen.append(torch.cat([z, draws.uniform((*z.shape[:-1], 1)), draws.normal((*z.shape[:-1], 1))], -1))
        return z.sum(-1)

    method = Method(architecture=Decoder, turns=(Turn("", loss),), push=METHODS["decoder"].push)
    held_out_loss(method, torch.zeros(5000, 1))(method.build(dim=1, members=(2,)))
    correlation = torch.corrcoef(seen[0][0].T) - torch.eye(3)
    assert correlation.abs().max() < 4 / 5000**0.5
    assert torch.equal(seen[0][0], seen[0][1])  # the same for every member


@pytest.mark.parametrize("name", GAMES)
def test_the_losses_of_a_game_do_not_say_when_to_stop(name):
    with pytest.raises(
        ValueError, match=r"single turn: the losses of a game do not say when to stop.* sample_distance"
    ):
        held_out_loss(METHODS[name], VALIDATION)


def test_a_sample_distance_compares_members_under_the_same_noise():
    net = METHODS["decoder"].build(dim=1, members=(3,), hidden=())
    shifts = torch.tensor([0.0, 1.0, -2.5])
    net.map.layers[0].weight.data.fill_(1.0)
    net.map.layers[0].bias.data.copy_(shifts[:, None, None])
    x = torch.randn(3000, 1)

    def mean_above(samples, points):
        assert samples.shape == (3, n, 1)
        assert len(points) == n
        return samples.mean((-2, -1)) - points.mean()

    for n in (1000, 3000):
        distance = sample_distance(METHODS["decoder"], x, n=n, distance=mean_above)(net)
        assert torch.allclose(distance - distance[0], shifts, atol=1e-5)
        assert abs(distance[0]) < 4 * (2 / n) ** 0.5
    assert torch.allclose(sample_distance(METHODS["decoder"], x, n=9999)(net), shifts.abs(), atol=0.08)


def test_the_points_of_a_sample_distance_are_a_random_choice():
    seen = []

    def distance(samples, points):
        seen.append(points)
        return samples.mean()

    score = sample_distance(METHODS["decoder"], torch.arange(1000.0)[:, None], n=100, distance=distance)
    score(METHODS["decoder"].build(dim=1))
    assert abs(seen[0].mean() - 500) < 4 * 289 / 100**0.5
    assert len(seen[0].unique()) == 100


@pytest.mark.parametrize("make", [held_out_loss, sample_distance])
@pytest.mark.usefixtures("unchecked")
def test_bad_scores_are_refused(make):
    with pytest.raises(TypeError, match="method must be a Method, got 'fm'"):
        make("fm", VALIDATION)
    with pytest.raises(ValueError, match=r"points must have shape \(n, d\), got \(2, 3, 1\)"):
        make(METHODS["fm"], torch.zeros(2, 3, 1))
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0, got -1"):
        make(METHODS["fm"], VALIDATION, seed=-1)
    with pytest.raises(ValueError, match=r"points must have points of dimension 1, got shape \(30, 2\)"):
        make(METHODS["fm"], VALIDATION)(METHODS["fm"].build(dim=1))
