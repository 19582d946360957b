"""Predict first: what the page gets is what was measured, and the right answer comes from the numbers."""

import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from figure_parts import Parts
from figure_parts import spec as spec_of
from PIL import Image, ImageColor

from gen_lib import plots
from gen_lib.figures import live

mpl.use("agg")

GAMES = {"a": torch.tensor([2.0, 4.0]), "b": torch.tensor([1.0]), "c": torch.tensor([[7.0, 9.0]])}


def choose(best="least", measured=GAMES, **more):
    live.predict_choice("Which?", measured, **{"best": best, "label": "modes covered", "alt": "Bars.", **more})


def draw(**more):
    x = torch.linspace(0, 1, 5)
    arguments = {"between": (-1, 1), "xlabel": "x", "ylabel": "y", "alt": "Curves.", "x": x, "measured": {"net": x}}
    live.predict_curve("What will it be?", **{**arguments, **more})


@pytest.mark.parametrize(("best", "right"), [("least", 1), ("most", 2)])
def test_the_right_answer_is_that_with_the_least_or_the_most(moving, best, right):
    choose(best)
    spec = spec_of(moving[0])
    assert spec["best"] == right
    assert [name for name, *_ in spec["answers"]] == ["a", "b", "c"]
    assert [mean for _, mean, _ in spec["answers"]] == [3, 1, 8]
    assert [spread for *_, spread in spec["answers"]] == [pytest.approx(2**0.5), None, pytest.approx(2**0.5)]
    assert spec["label"] == "Modes covered"


def test_of_equal_answers_each_is_right(moving):
    choose(measured={"a": torch.ones(1), "b": torch.ones(2), "c": torch.zeros(1) + 2})
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(moving[0]["image/png"]))).convert("RGB"), int)

    def area(role):
        return (np.abs(picture - ImageColor.getrgb(plots.COLORS[role])).max(-1) < 16).sum()

    right, wrong = area("inference"), area("coupling")
    assert 0.8 < right / wrong < 1.2  # two bars of length 1, one of length 2


def test_curves_arrive_with_their_spread_and_the_exact_one_dashed(moving):
    x = torch.linspace(-3, 3, 7)
    nets = torch.stack([x, 3 * x])
    draw(x=x[:, None], measured={"nets": nets}, exact={"truth": 2 * x}, role="latent")
    spec = spec_of(moving[0])

    def numbers(text):
        return torch.from_numpy(np.frombuffer(base64.b64decode(text), "<f4").copy())

    (name, role, dashed, mean, spread), (exact, no_role, is_dashed, values, none) = spec["curves"]
    assert (name, role, dashed, exact, no_role, is_dashed, none) == ("nets", "latent", False, "truth", None, True, None)
    assert torch.allclose(numbers(mean), 2 * x)
    assert torch.allclose(numbers(spread), nets.std(0))
    assert torch.equal(numbers(values), 2 * x)
    assert torch.equal(numbers(spec["x"]), x)


@pytest.mark.parametrize("ask", [choose, draw])
def test_the_page_looks_alike_whatever_the_answer(moving, ask):
    """Until it is asked for; in print it stands there."""
    for low, high in ((0.0, 0.5), (0.9, -0.2)):
        ask(measured={"a": torch.linspace(low, high, 5), "b": torch.linspace(high, low + 0.1, 5)})
    one, other = (Parts(bundle["text/html"]).image for bundle in moving)
    assert one == other
    assert one["alt"].startswith("Wh")
    assert moving[0]["image/png"] != moving[1]["image/png"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"measured": {"a": torch.ones(1)}}, "at least two answers"),
        ({"measured": {"a": torch.ones(1), "b": torch.tensor([float("nan")])}}, "finite numbers, got .* for 'b'"),
        ({"measured": {"a": torch.ones(1), "b": torch.ones(0)}}, "finite numbers"),
        ({"digits": -1}, "digits must be a whole number"),
        ({"alt": " "}, "alt must say"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(moving, bad, words):
    with pytest.raises(ValueError, match=words):
        choose(**bad)
    assert moving == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"x": torch.zeros(5)}, "x must be at least two finite positions in rising order"),
        ({"x": torch.tensor([0.0, 1, 2, 3, torch.inf])}, "x must be at least two finite positions"),
        ({"between": (1, 1)}, "between must be the lowest and the highest"),
        ({"role": "red"}, "role must be one of"),
        ({"measured": {"net": torch.zeros(4)}}, r"measured\['net'\] must have shape .* \(members, 5\), got \(4,\)"),
        ({"exact": {"truth": torch.full((5,), float("inf"))}}, r"exact\['truth'\] must be a finite"),
        (
            {"measured": {"net": torch.full((2, 5), torch.nan)}},
            r"measured\['net'\] must be a finite .* 10 of 10 entries",
        ),
        ({"measured": {}}, "measured must be at least one curve"),
        ({"alt": ""}, "alt must say"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(moving, bad, words):
    with pytest.raises(ValueError, match=words):
        draw(**bad)
    assert moving == []
