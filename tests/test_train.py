import subprocess
import sys

import pytest
import torch

from gen_lib import METHODS, Method, Turn, couplings, data, fit, methods
from gen_lib.nets import Decoder
from gen_lib.train import NotFinite, constant, cosine, late
from gen_lib.train.training import _Adam

QUIET = {"steps": 20, "batch": 32, "progress": False}


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("source", [data.mixture_2d(), data.mixture_2d().sample(100)], ids=["distribution", "points"])
def test_the_same_seed_gives_the_same_numbers_bit_for_bit(name, source):
    runs = []
    for seed in (3, 3, 4):
        net = METHODS[name].build(dim=2, members=(2,))
        torch.rand(seed + 1)  # the state of the global generator must not matter
        history = fit(METHODS[name], net, source, seed=seed, **QUIET)
        runs.append((weights(net), history.losses))
    assert torch.equal(runs[0][0], runs[1][0])
    assert all(torch.equal(runs[0][1][key], runs[1][1][key]) for key in runs[0][1])
    assert not torch.equal(runs[0][0], runs[2][0])


@pytest.mark.parametrize("name", METHODS)
def test_members_trained_together_equal_members_trained_alone(name):
    method = METHODS[name]
    together = method.build(dim=2, members=(3,), seed=7).double()
    fit(method, together, data.mixture_2d(), seed=7, clip=1.0, **QUIET)
    for i in range(3):
        alone = method.build(dim=2, seed=7 + i).double()
        fit(method, alone, data.mixture_2d(), seed=7 + i, clip=1.0, **QUIET)
        for (key, whole), part in zip(together.named_parameters(), alone.parameters(), strict=True):
            assert torch.allclose(whole[i], part, atol=1e-6), key


def test_more_members_do_not_change_the_first():
    histories = []
    for members in (1, 5):
        net = METHODS["vae"].build(dim=1, members=(members,))
        histories.append(fit(METHODS["vae"], net, data.mixture_1d(), **QUIET).losses["loss"][:, 0])
    assert torch.allclose(*histories, atol=1e-5)


def test_members_see_different_data():
    net = METHODS["decoder"].build(dim=1, members=(2,))
    history = fit(METHODS["decoder"], net, data.mixture_1d(), lr=1e-12, **QUIET)
    assert not torch.allclose(history.losses["loss"][:, 0], history.losses["loss"][:, 1])


def test_a_clip_limits_each_member_by_itself():
    from gen_lib.train.training import _clipped

    gradients = [torch.randn(2, 3, 4), torch.randn(2, 1, 4)]
    gradients = [g * torch.tensor([100.0, 0.001])[:, None, None] for g in gradients]
    clipped = _clipped(gradients, 1.0, members=1)
    norms = torch.stack([g.flatten(1).norm(dim=1) for g in clipped]).norm(dim=0)
    assert torch.isclose(norms[0], torch.tensor(1.0))
    assert torch.equal(clipped[0][1], gradients[0][1])


def test_only_the_submodule_of_the_turn_moves():
    def to_the_data(net, z, x):
        return (net.decoder(net.encoder(x)) - x).square().sum(-1)

    method = Method(
        architecture=METHODS["ae"].architecture, turns=(Turn("decoder", to_the_data),), push=METHODS["ae"].push
    )
    net = method.build(dim=1)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    history = fit(method, net, data.mixture_1d(), **QUIET)
    moved = {k.split(".")[0] for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == {"decoder"}
    assert list(history.losses) == ["decoder"]


def test_schedules():
    assert cosine(0.0) == 1.0
    assert cosine(0.5) == pytest.approx(0.5)
    assert cosine(1.0) == pytest.approx(0.0)
    assert constant(0.3) == late(0.0) == late(0.6) == 1.0
    assert late(5 / 6) == pytest.approx(0.5)
    assert late(1.0) == 0.0
    net, other = METHODS["decoder"].build(dim=1), METHODS["decoder"].build(dim=1)
    fit(METHODS["decoder"], net, data.mixture_1d(), schedule=cosine, **QUIET)
    fit(METHODS["decoder"], other, data.mixture_1d(), schedule=constant, **QUIET)
    assert not torch.equal(weights(net), weights(other))


def test_watch_sees_every_step_and_the_end():
    seen = []
    net = METHODS["decoder"].build(dim=1)
    fit(METHODS["decoder"], net, data.mixture_1d(), watch=lambda step, net: seen.append(step), **QUIET)
    assert seen == list(range(21))


def test_training_leaves_torchs_generator_alone():
    torch.manual_seed(1)
    before = torch.rand(1)
    torch.manual_seed(1)
    fit(METHODS["vae"], METHODS["vae"].build(dim=1), data.mixture_1d(), **QUIET)
    assert torch.equal(torch.rand(1), before)


def test_a_loss_that_is_not_finite_stops_with_step_member_and_the_last_good_state():
    def explodes_for_member_one(net, z, x):
        explodes_for_member_one.calls += 1
        broken = torch.ones(3, 1)
        broken[1] = float("nan") if explodes_for_member_one.calls > 130 else 1.0
        return (net(z) - x).square().sum(-1) * broken

    explodes_for_member_one.calls = 0
    method = Method(architecture=Decoder, turns=(Turn("", explodes_for_member_one),), push=methods.decoder().push)
    net = method.build(dim=1, members=(3,))
    states = {}

    def remember(step, net):
        states[step] = weights(net).clone()

    with pytest.raises(NotFinite, match=r"NaN or infinite at step 130 in member\(s\) \[\[1\]\]") as caught:
        fit(method, net, data.mixture_1d(), steps=300, progress=False, watch=remember)
    assert (caught.value.step, caught.value.members) == (130, [[1]])
    assert torch.equal(weights(net), states[100])
    assert all(v.isfinite().all() for v in caught.value.checkpoint.values())
    assert caught.value.history.losses["loss"].shape == (131, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
        ({"batch": 2.5}, "batch must be a whole number of at least 1, got 2.5"),
        ({"lr": 0.0}, "lr must be a finite number above 0, got 0.0"),
        ({"lr": float("nan")}, "lr must be a finite number above 0, got nan"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"clip": -1.0}, "clip must be a finite number above 0, got -1.0"),
        ({"weight_decay": -1.0}, "weight_decay must be a finite number of at least 0"),
        ({"data": torch.zeros(0, 1)}, r"data must have shape \(..., n, d\) with n, d >= 1, got \(0, 1\)"),
        ({"data": torch.zeros(5)}, r"data must have shape .* got \(5,\)"),
        ({"data": torch.zeros(5, 2)}, r"data must have points of dimension 1, got shape \(5, 2\)"),
        ({"data": torch.zeros(3, 5, 1)}, r"data must have shape \(n, 1\), got \(3, 5, 1\)"),
        ({"data": torch.tensor([[float("nan")], [1.0]])}, "data must be finite, got 1 NaN"),
        ({"data": torch.zeros(5, 1, dtype=torch.long)}, "data must hold floating-point numbers"),
        ({"data": data.mixture_2d()}, "data must be a tensor .* with d = 1"),
        ({"data": "mixture"}, "data must be a tensor .* got 'mixture'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_arguments_are_refused_before_anything_moves(change, message):
    net = METHODS["decoder"].build(dim=1)
    before = weights(net).clone()
    arguments = {"data": data.mixture_1d(), "progress": False, **change}
    with pytest.raises(ValueError, match=message):
        fit(METHODS["decoder"], net, arguments.pop("data"), **arguments)
    assert torch.equal(weights(net), before)


@pytest.mark.usefixtures("unchecked")
def test_pairs_of_different_dimension_cannot_be_transported():
    method = methods.decoder(couplings.optimal)
    net = method.build(dim=2, latent=1)
    with pytest.raises(ValueError, match="same shape to be paired"):
        fit(method, net, data.mixture_2d(), **QUIET)


# A method that changes on the way


def test_a_schedule_that_never_changes_is_the_method_itself_bit_for_bit():
    runs = []
    for method in (METHODS["vae"], lambda done: methods.vae()):
        net = METHODS["vae"].build(dim=1, members=(2,))
        history = fit(method, net, data.mixture_1d(), **QUIET)
        runs.append((weights(net), history.losses["loss"]))
    assert torch.equal(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1], runs[1][1])


def test_each_step_uses_the_method_of_its_share_and_ends_with_the_last():
    first, last = methods.vae(beta=0.0), methods.vae(beta=5.0)
    shares, curves = [], []

    def switch(done):
        shares.append(done)
        return first if done < 0.25 else last

    for method in (first, last, switch):
        net = METHODS["vae"].build(dim=1, members=(2,))
        history = fit(method, net, data.mixture_1d(), lr=1e-12, **QUIET)  # so slow that only the loss differs
        curves.append(history.losses["loss"])
    assert shares == [step / 20 for step in range(20)]
    assert torch.allclose(curves[2][:5], curves[0][:5])
    assert torch.allclose(curves[2][5:], curves[1][5:])
    assert not torch.isclose(curves[0], curves[1]).any()


@pytest.mark.parametrize(
    ("method", "error", "message"),
    [
        ("vae", TypeError, "method must be a Method, or a function .* got 'vae'"),
        (lambda done: 1.0 - done, TypeError, "method must give a Method at every step, at 0 done it gave 1.0"),
        (
            lambda done: METHODS["vae" if done < 0.5 else "gan"],
            ValueError,
            r"method must keep its turns, \[''\], at 0.5",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_bad_schedule_is_refused_before_anything_moves(method, error, message):
    net = METHODS["vae"].build(dim=1)
    before = weights(net).clone()
    with pytest.raises(error, match=message):
        fit(method, net, data.mixture_1d(), **QUIET)
    assert torch.equal(weights(net), before)


def moved(net, before):
    return {n: (p - before[n]).abs().amax().item() for n, p in net.named_parameters()}


def start(method=None):
    net = (method or methods.gan()).build(dim=2, members=(2,))
    return net, {n: p.detach().clone() for n, p in net.named_parameters()}


def test_each_player_has_its_own_rate():
    net, before = start()  # the first step of Adam is as long as its rate, whatever the gradient
    fit(methods.gan(), net, data.ring(), steps=1, lr={"critic": 1e-3, "generator": 1e-2}, progress=False)
    for name, most in moved(net, before).items():
        assert most == pytest.approx(1e-2 if name.startswith("generator") else 1e-3, rel=1e-2)


def test_equal_rates_are_one_rate():
    nets = []
    for lr in (1e-3, {"critic": 1e-3, "generator": 1e-3}):
        net, _ = start()
        fit(methods.gan(), net, data.ring(), steps=5, lr=lr, progress=False)
        nets.append(net)
    assert all(torch.equal(a, b) for a, b in zip(*(net.parameters() for net in nets), strict=True))


def test_without_memory_every_step_has_the_length_of_the_rate():
    net, before = start(methods.fm())
    fit(methods.fm(), net, data.ring(), steps=3, lr=1e-2, betas=(0.0, 0.0), schedule=constant, progress=False)
    for name, p in net.named_parameters():  # three steps of one rate, each up or down: 1 or 3 rates in all
        rates = (p.detach() - before[name]).abs() / 1e-2
        assert ((rates - 1).abs().lt(0.05) | (rates - 3).abs().lt(0.05)).float().mean() > 0.9


@pytest.mark.parametrize("wrong", [(0.9,), (1.0, 0.999), (-0.1, 0.9), 0.9])
def test_betas_out_of_range_are_refused(wrong, unchecked):
    net, _ = start()
    with pytest.raises(ValueError, match="betas"):
        fit(methods.gan(), net, data.ring(), steps=1, betas=wrong, progress=False)


@pytest.mark.parametrize("wrong", [{"critic": 1e-3}, {"critic": 1e-3, "generator": 0.0}, {"critic": 1, "gen": 1}])
def test_rates_that_miss_a_player_are_refused(wrong):
    net, _ = start()
    with pytest.raises(ValueError, match="lr"):
        fit(methods.gan(), net, data.ring(), steps=1, lr=wrong, progress=False)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_the_optimiser_takes_the_steps_of_torchs(weight_decay):
    ours = torch.randn(7, 3)
    theirs = ours.clone()
    settings = {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": weight_decay, "fused": True}
    adams = _Adam([ours], **settings), torch.optim.AdamW([theirs], **settings)
    for _ in range(5):
        ours.grad = torch.randn(7, 3)
        theirs.grad = ours.grad.clone()
        for adam in adams:
            adam.step()
    assert torch.equal(ours, theirs)


def test_training_does_not_wait_for_torchs_compiler():
    code = """import sys
from gen_lib import METHODS, data, fit
fit(METHODS["fm"], METHODS["fm"].build(dim=1), data.mixture_1d(), steps=2, progress=False)
sys.exit("torch._dynamo" in sys.modules)"""
    subprocess.run([sys.executable, "-c", code], check=True)
