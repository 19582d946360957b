"""Figures that move: one output with three forms, a budget, and text that stays text."""

import base64
import hashlib
import io
from types import SimpleNamespace

import ipywidgets
import matplotlib as mpl
import numpy as np
import pytest
from figure_parts import Parts
from PIL import Image

from gen_lib import plots, terminal
from gen_lib.figures import explore
from gen_lib.figures.choices import _control, _panel
from gen_lib.figures.page import element, library, script
from gen_lib.plots import pixels
from gen_lib.plots.pixels import lighter

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

WIDGET = "application/vnd.jupyter.widget-view+json"


def line(slope=1.0, color="red"):
    plt.figure(figsize=(2, 1), dpi=50)
    plt.plot([0, 1], [0, slope], color=color)
    plt.ylim(0, 5)


@pytest.fixture
def shown(monkeypatch):
    """What explore shows in a notebook that somebody works with: a list of bundles."""
    bundles = []
    monkeypatch.setattr(terminal, "kernel", lambda: SimpleNamespace(_allow_stdin=True))
    monkeypatch.setattr(
        "gen_lib.figures.choices.display", lambda bundle, raw=False: bundles.append(bundle) if raw else None
    )
    return bundles


def colors_of(source: bytes) -> set[tuple[int, ...]]:
    picture = Image.open(io.BytesIO(source)).convert("RGB")
    return {color for _, color in picture.getcolors(10_000)}


def test_one_output_has_three_forms_that_start_alike(shown):
    explore(line, alt="A line.", slope=[1, 2, 4], color=["red", "blue"], start={"slope": 2, "color": "blue"})
    (bundle,) = shown
    assert set(bundle) == {"image/png", "text/html", "text/plain", WIDGET}
    parts = Parts(bundle["text/html"])
    first = parts.spec["frames"][parts.spec["order"][3]]
    assert parts.image["src"] == "data:image/svg+xml;base64," + base64.b64encode(first.encode()).decode()
    assert parts.spec["at"] == [1, 1]
    assert "#0000ff" in first
    assert any(r < 30 and b == 255 for r, _, b in colors_of(base64.b64decode(bundle["image/png"])))  # blue
    assert bundle[WIDGET]["model_id"]


@pytest.mark.parametrize(
    ("kernel", "live"),
    [(None, False), (SimpleNamespace(_allow_stdin=False), False), (SimpleNamespace(_allow_stdin=True), True)],
    ids=["script", "papermill", "Jupyter"],
)
def test_controls_without_anybody_are_not_made(monkeypatch, capsys, kernel, live):
    bundles = []
    monkeypatch.setattr(terminal, "kernel", lambda: kernel)
    monkeypatch.setattr("gen_lib.figures.choices.display", lambda shown, raw=False: raw and bundles.append(shown))
    explore(line, alt="A line.", slope=[1, 2, 4])
    assert (WIDGET in bundles[0]) is live
    assert str(bundles[0]) == "A line."
    assert live or capsys.readouterr().out == ""


def test_each_combination_shows_its_own_picture(shown):
    explore(line, alt="A line.", slope=[1, 2, 4], color=["red", "blue"])
    parts = Parts(shown[0]["text/html"])
    frames = parts.spec["frames"]
    assert len(frames) == len(parts.spec["order"]) == 6
    for place, (slope, color) in enumerate((s, c) for s in (1, 2, 4) for c in ("red", "blue")):
        line(slope, color)
        assert frames[parts.spec["order"][place]] == plots.svg(plt.gcf(), tight=False)
        plt.close()


def test_equal_pictures_are_kept_once(shown):
    explore(lambda k: line(), alt="A line.", k=range(20))
    spec = Parts(shown[0]["text/html"]).spec
    assert len(spec["frames"]) == 1
    assert spec["order"] == [0] * 20


def test_a_figure_may_be_returned(shown):
    def draw(k):
        figure = Figure((1, 1))
        figure.subplots().plot([0, k])
        return figure

    explore(draw, alt="A line.", k=[1, 2])
    assert shown


def test_nothing_is_left_open(shown):
    explore(line, alt="A line.", slope=[1, 2])
    assert plt.get_fignums() == []


def test_pictures_above_the_budget_are_refused(shown):
    explore(line, alt="A line.", slope=[1, 2, 4], budget=20_000)
    with pytest.raises(ValueError, match="budget must hold all pictures, 500 bytes, but 3 of them take"):
        explore(line, alt="A line.", slope=[1, 2, 4], budget=500)


def test_pictures_of_different_size_are_refused(shown):
    with pytest.raises(ValueError, match="draw must make figures of one size"):
        explore(lambda k: plt.figure(figsize=(k, 1)), alt="A line.", k=[1, 2])


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        ({}, ValueError, "choices must be at least one"),
        ({"k": []}, ValueError, "k must have at least one value"),
        ({"k": [1, "a"]}, TypeError, "k must be all finite numbers or all names"),
        ({"k": [1, None]}, TypeError, "k"),  # in tests the annotation catches it first
        ({"k": [1.0, float("nan")]}, TypeError, "k must be all finite numbers"),
        ({"k": [2, 1]}, ValueError, "k must rise"),
        ({"k": ["a", "a"]}, ValueError, "k must have values that read differently"),
        ({"k": [1.0, 1.0000001]}, ValueError, "k must have values that read differently"),
        ({"k": [1, 2], "start": {"k": 3}}, ValueError, "start must name values"),
        ({"k": [1, 2], "start": {"j": 1}}, ValueError, "start must name values"),
        ({"k": [1, 2], "alt": " "}, ValueError, "alt must say"),
    ],
)
def test_bad_calls_are_refused_before_anything_is_drawn(bad, error, words, shown):
    with pytest.raises(error, match=words):
        explore(lambda **_: pytest.fail("drawn"), **{"alt": "A line.", **bad})
    assert shown == []


EVIL = "</script><img src=x onerror=alert(1)>"


def test_text_of_parameters_stays_text(shown):
    explore(lambda name: line(), alt=f"A line {EVIL}", name=[EVIL, "<!--", "b"])
    parts = Parts(shown[0]["text/html"])
    assert [tag for tag in parts.tags if tag not in ("gen-lib-explore", "p")] == ["img", "script", "script", "script"]
    assert parts.spec["choices"][0]["values"] == [EVIL, "<!--", "b"]
    assert parts.image["alt"].endswith(EVIL)


def test_a_script_ends_where_it_should():
    assert "</" not in script("explore") + library()
    assert Parts(element("explore", {"at": []}, "<svg/>", "A picture.")).tags.count("script") == 3


def controls(draw, between=True, **values) -> dict[str, ipywidgets.Widget]:
    first = {name: v[0] for name, v in values.items()}
    *mine, _ = _panel(draw, values, first, between).children
    return {control.description: control for control in mine}


def test_with_a_kernel_the_controls_call_draw(monkeypatch):
    calls = []
    monkeypatch.setattr("gen_lib.figures.choices.display", lambda figure: None)

    def draw(**values):
        calls.append(values)
        line()

    by_name = controls(draw, slope=[0.5, 1.0, 2.0], rate=[0.001, 1.0], k=[1, 5], name=["a", "b"], on=[False, True])
    calls.clear()
    kinds = {name: type(control).__name__ for name, control in by_name.items()}
    assert kinds == {
        "slope": "FloatSlider",
        "rate": "FloatLogSlider",
        "k": "IntSlider",
        "name": "Dropdown",
        "on": "Dropdown",
    }
    by_name["slope"].value = 1.3  # between the values
    by_name["k"].value = 3
    by_name["name"].value = "b"
    assert [call["slope"] for call in calls] == [1.3] * 3
    assert calls[-1] == {"slope": 1.3, "rate": 0.001, "k": 3, "name": "b", "on": False}


def test_many_numbers_can_be_played(monkeypatch):
    calls = []
    monkeypatch.setattr("gen_lib.figures.choices.display", lambda figure: None)

    def draw(**chosen):
        calls.append(chosen)
        line()

    values = {"slope": [0.5, 1.0, 2.0, 4.0, 8.0], "name": [*"abcde"]}
    panel = _panel(draw, values, {"slope": 2.0, "name": "a"}, True)
    (slider, play), menu = panel.children[0].children, panel.children[1]
    assert isinstance(menu, ipywidgets.Dropdown)
    assert (play.min, play.max, play.value) == (0, 4, 2)
    play.value = 3
    assert slider.value == 4.0
    assert calls[-1] == {"slope": 4.0, "name": "a"}
    slider.value = 1.0
    assert play.value == 1  # it goes on from where the slider stands


@pytest.mark.parametrize("values", [[0.02, 0.1, 0.5, 1.0, 2.0], [0.2, 0.5, 1, 5, 20], [0.3, 1, 3, 10, 30], [0.001, 7]])
def test_every_value_can_be_the_first_one(values, monkeypatch):
    """On a slider in powers of ten too, whose ends are rounded."""
    drawn = []
    monkeypatch.setattr("gen_lib.figures.choices.display", lambda figure: None)
    for first in values:
        _panel(lambda k: drawn.append(k) or plt.figure(), {"k": values}, {"k": first}, True)
        assert drawn[-1] == first
    assert isinstance(_control("k", values, values[0], True), ipywidgets.FloatLogSlider)


def test_the_readers_own_figures_stay(monkeypatch):
    """Also when a control is moved; and what draw makes beside its figure does not."""
    shown = []
    monkeypatch.setattr("gen_lib.figures.choices.display", lambda figure: shown.append(figure))

    def draw(k):
        line(k)
        return plt.figure() if k > 1 else None

    own = plt.figure()
    _panel(draw, {"k": [1, 2]}, {"k": 1}, True).children[0].value = 2
    assert plt.get_fignums() == [own.number]
    assert [len(figure.axes) for figure in shown] == [1, 0]  # the line, and what was returned
    plt.close(own)


def test_a_draw_that_draws_nothing_is_refused(shown):
    own = plt.figure()
    with pytest.raises(ValueError, match=r"draw must make a figure of matplotlib.pyplot or return one, got None"):
        explore(lambda k: None, alt="A line.", k=[1, 2])
    assert (shown, plt.get_fignums()) == ([], [own.number])
    plt.close(own)


def test_between_may_be_closed():
    slider = controls(line, between=False, slope=[0.5, 1.0, 2.0])["slope"]
    assert [value for _, value in slider.options] == [0.5, 1.0, 2.0]


def test_the_same_call_gives_the_same_page(shown):
    """Else a page would change at every build."""
    for _ in range(2):
        explore(line, alt="A line.", slope=[1, 2])
    first, second = (hashlib.sha256(bundle["text/html"].encode()).digest() for bundle in shown)
    assert first == second


def opened(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def drawn(array: np.ndarray, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.fromarray(array.astype("u1"), mode).save(file, "png")
    return file.getvalue()


def test_a_plot_gets_lighter_and_looks_the_same():
    line()
    plt.text(0.5, 2, "text", color="green")
    file = io.BytesIO()
    plt.savefig(file, dpi=150, facecolor="white")
    plt.close()
    before, after = file.getvalue(), lighter(file.getvalue())
    assert len(after) < 0.6 * len(before)
    off = np.abs(opened(before) - opened(after))
    assert off.mean() < 0.5
    assert off.max() < 100


def test_the_colours_of_roles_stay_what_they_are():
    """As small dots on a ramp of greys and twice over, as a figure in the book is."""
    ramp = np.broadcast_to(np.linspace(0, 255, 300)[None, :, None], (200, 300, 3)).copy()
    roles = [tuple(int(color[k : k + 2], 16) for k in (1, 3, 5)) for color in plots.COLORS.values()]
    places = [slice(20 * (k + 1), 20 * (k + 1) + 3) for k in range(len(roles))]
    for role, place in zip(roles, places, strict=True):
        ramp[place, place] = role
    seen = opened(lighter(lighter(drawn(ramp))))
    for role, place in zip(roles, places, strict=True):
        assert np.abs(seen[place, place] - role).max() < 15


def test_a_picture_of_many_colours_keeps_them():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    assert np.array_equal(opened(lighter(drawn(noise))), noise)


def test_a_rare_colour_is_not_lost(monkeypatch):
    """One red dot on grey: too little for the mean to notice."""
    monkeypatch.setattr(pixels, "COLOURS", (1,))
    grey = np.full((256, 256, 3), 200)
    grey[100, 100] = (255, 0, 0)
    assert np.array_equal(opened(lighter(drawn(grey))), grey)


def test_what_is_not_opaque_stays_as_it_is():
    glass = drawn(np.full((8, 8, 4), 100), "RGBA")
    assert lighter(glass) == glass
