"""Training in the page: what the playground does under a reader's hands."""

import gzip
import io
import json
import re

import nbformat
import pytest
import torch
from PIL import Image
from visiting import SHOWN

from gen_lib import METHODS, couplings, data, fit, methods, metrics  # noqa: F401  (the codes of choices name them)
from gen_lib.figures import live, page
from gen_lib.figures.live.playground import CHOICES, NUMBERS, TARGETS

CHEAP = {"members": 2, "batch": 16, "steps": 200}


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """A page with nothing but the playground, as a file."""
    shown = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "display", lambda bundle, raw: shown.update(bundle))
        live.playground(alt="A playground.", begin=CHEAP)
    path = tmp_path_factory.mktemp("playground") / "page.html"
    head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    path.write_text(f"{head}<body>{shown['text/html']}", "utf-8")
    return path


class Playground:
    """A visit."""

    def __init__(self, tab, html, link=""):
        self.tab, self.trouble = tab, []
        tab.bring_to_front()
        tab.goto("about:blank")  # from one link to another no page is opened
        tab.on("pageerror", lambda error: self.trouble.append(str(error)))
        tab.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "data:", "blob:")) else self.trouble.append(request.url)
            ),
        )
        tab.goto(html.as_uri() + link)
        tab.wait_for_function("document.querySelector('gen-lib-playground').ready")
        tab.evaluate("document.querySelectorAll('.gen-lib-fold').forEach(fold => { fold.open = true; })")

    def press(self, name):
        self.tab.get_by_role("button", name=name, exact=True).click()

    def choose(self, name, value):
        """By its label, in a list or among buttons."""
        self.tab.evaluate(
            "([name, value]) => { const knob = document.querySelector('gen-lib-playground').knobs.get(name);"
            " knob.move(knob.values.indexOf(value)); }",
            [name, value],
        )

    def take(self, name, value):
        """As a reader does: an entry of a list, or a button among others."""
        entries = self.tab.get_by_role("combobox", name=name, exact=True)
        if entries.count():
            entries.select_option(value)
        else:
            self.tab.get_by_role("radiogroup", name=name).get_by_role("radio", name=value, exact=True).check()

    def said(self, pattern, timeout=60_000):
        """Waits for these words."""
        self.tab.wait_for_function(
            "pattern => new RegExp(pattern).test(document.querySelector('.gen-lib-said').textContent)",
            arg=pattern,
            timeout=timeout,
        )
        assert not self.trouble
        return self.tab.locator(".gen-lib-said").inner_text()

    def modes(self, words):
        """How many modes the members meet, in the line that has these words."""
        self.said(words)
        line = next(line for line in self.tab.locator(".gen-lib-said").inner_text().splitlines() if words in line)
        return [int(met) for met in re.findall(r"(\d+)/8", line)]

    def settings(self):
        return self.tab.evaluate("document.querySelector('gen-lib-playground').said()")

    def points(self):
        return self.tab.evaluate("document.querySelector('gen-lib-playground').drawing.points")

    def saved(self, name):
        with self.tab.expect_download() as download:
            self.press(name)
        return download.value.path().read_bytes()


@pytest.fixture(scope="module")
def first(window):
    """A tab for visits that come one after another."""
    tab = window.new_page()
    tab.set_viewport_size({"width": 1366, "height": 768})
    yield tab
    tab.close()


@pytest.fixture
def visit(browser, window, first, html):
    """Opens the page, with a link's end if one is given; in a window of its own if it has to be touched."""
    tabs = []

    def opened(link="", **options):
        tabs.append(browser.new_page(**options) if options else first if not tabs else window.new_page())
        return Playground(tabs[-1], html, link)

    yield opened
    for tab in tabs:
        if tab is not first:
            tab.close()


@pytest.fixture(scope="module")
def idle(window, html):
    """A visit without a training, for all who only ask."""
    tab = window.new_page()
    yield Playground(tab, html)
    tab.close()


def distance(sentence):
    return float(re.search(r"W[12] ([\d.]+)", sentence)[1])


@pytest.mark.parametrize("choice", CHOICES)
def test_every_method_trains_to_its_end_and_says_so(visit, choice):
    here = visit()
    here.choose("data", "mixture_2d")
    here.choose("method", choice)
    here.press("Train")
    sentence = here.said("trained")
    for words in (choice, "step 200", "±"):
        assert words in sentence
    assert here.tab.get_by_role("button", name="Again").is_visible()


@pytest.mark.parametrize("wanted", TARGETS)
def test_every_target_is_learned_better_than_at_first(visit, wanted):
    here = visit()
    here.choose("data", wanted)
    here.choose("method", "flow matching")
    here.press("Step")
    before = distance(here.said("step 1;"))
    here.press("Train")
    assert distance(here.said("trained")) < before


def test_every_control_is_moved_and_answers(visit):
    """What is chosen is taken for the next training; what belongs to looking changes the picture at once."""
    here = visit()
    here.press("Train")
    here.said("trained")
    looking = {"speed", "member shown", "curve"}
    for name, value in (("member shown", "2"), ("curve", "loss")):
        before = here.tab.locator("gen-lib-playground").evaluate(SHOWN)
        here.take(name, value)
        here.tab.wait_for_function(
            f"before => ({SHOWN})(document.querySelector('gen-lib-playground')) !== before", arg=before
        )
    for name, values in here.tab.evaluate(
        "[...document.querySelector('gen-lib-playground').knobs].map(([name, { values }]) => [name, [...values]])"
    ):
        for value in values[:2] if name == "member shown" else values:
            here.take(name, value)
            if name not in looking:
                assert here.settings()[name] == value
                here.said("Ready to train|points drawn|Draw")
    assert {name for name, _ in here.settings().items()} >= {"data", "method", *NUMBERS}
    here.tab.get_by_role("combobox", name="data").select_option("moons")
    for name in ("a flow", "break a GAN", "repair it", "one step or many"):
        here.press(name)
        assert here.tab.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"


def test_a_page_that_sleeps_goes_on_where_it_was(visit):
    here = visit()
    here.choose("speed", "5 a second")
    here.press("Train")
    here.said("step [1-9]")
    session = here.tab.context.new_cdp_session(here.tab)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    here.tab.wait_for_timeout(500)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    before = int(re.search(r"step (\d+)", here.said("step"))[1])
    here.choose("speed", "full")
    here.said("step 200, trained")
    assert before < 200


def test_train_pause_step_reset(visit):
    here = visit()
    here.choose("speed", "5 a second")
    here.press("Train")
    here.said("step [1-9]")
    here.press("Pause")
    here.tab.wait_for_timeout(300)
    step = int(re.search(r"step (\d+)", here.said("step"))[1])
    assert step < 100
    here.press("Step")
    here.said(f"step {step + 1};")
    here.press("Reset")
    here.said("Ready to train")


def test_two_methods_learn_from_the_same_noise(visit):
    here = visit()
    here.press("one step or many")
    here.choose("steps", "200")
    here.press("Train")
    here.said(r"MeanFlow: step 200, trained.*\nflow matching: step 200, trained")
    first, second = here.tab.evaluate(
        "document.querySelector('gen-lib-playground').told.map(({ states }) => Array.from(states[0]))"
    )
    assert first == second
    assert len(first) == 400


def test_the_same_setting_gives_the_same_numbers(visit):
    said = []
    for _ in range(2):
        here = visit()
        here.press("Train")
        said.append(re.sub(r"\d+ steps a second", "", here.said("trained")))
    assert said[0] == said[1]


def test_a_game_is_broken_and_repaired(visit):
    """The setting that is broken is repaired, on the same numbers."""
    here = visit()
    here.press("break a GAN")
    broken = here.settings()
    here.press("repair it")
    assert here.settings() == broken | {"compared with": "GAN, equal rates"}
    here.said("trained.*\\n.*trained", timeout=180_000)
    assert max(here.modes("hurried generator")) <= 2
    assert min(here.modes("equal rates")) >= 6


def draw_by_mouse(here):
    box = here.tab.locator("canvas").first.bounding_box()
    here.tab.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    here.tab.mouse.down()
    for k in range(12):
        here.tab.mouse.move(box["x"] + (0.4 + 0.03 * k) * box["width"], box["y"] + 0.5 * box["height"])
    here.tab.mouse.up()


def draw_by_touch(here):
    box = here.tab.locator("canvas").first.bounding_box()
    session = here.tab.context.new_cdp_session(here.tab)
    x, y = box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(12):
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + 6 * k, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def draw_by_keyboard(here):
    here.tab.locator("canvas").first.focus()
    for key in ("Space", "ArrowRight", "Space", "ArrowUp", "Space"):
        here.tab.keyboard.press(key)


@pytest.mark.parametrize("dim", ["draw your own", "draw your own, on the line"])
@pytest.mark.parametrize("draw", [draw_by_mouse, draw_by_touch, draw_by_keyboard])
def test_data_are_drawn_and_learned_and_come_back_with_the_link(visit, draw, dim):
    touch = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}}
    here = visit(**(touch if draw is draw_by_touch else {}))
    here.choose("data", dim)
    here.press("Train")
    assert "a training needs 20" in here.said("needs 20")
    draw(here)
    points = here.points()
    assert len(points) >= 20
    assert {len(point) for point in points} == {1 if "line" in dim else 2}
    here.press("Train")
    here.said("trained")
    here.press("Copy a link")
    link = here.tab.evaluate("location.hash")
    other = visit(link)
    assert other.settings() == here.settings()
    torch.testing.assert_close(torch.tensor(other.points()), torch.tensor(points), atol=8 / 255 / 2 + 1e-6, rtol=0)
    other.press("Clear the drawing")
    assert other.points() == []


@pytest.mark.parametrize(
    "link", ["#playground:", "#playground:data=%E0%A4%A", "#playground:data=no&drawing=%%%", "#else"]
)
def test_a_broken_link_leaves_the_page_whole(visit, link):
    here = visit(link)
    here.press("Train")
    here.said("trained")


def test_a_loss_that_is_not_finite_is_explained_and_the_last_good_state_kept(visit):
    here = visit()
    here.tab.evaluate(
        "document.querySelector('gen-lib-playground').spec.numbers['learning rate'] = [1e12, 1e12, 1e12, 1e12]"
    )
    here.press("Train")
    sentence = here.said("not finite")
    assert "smaller learning rate" in sentence
    weights = json.loads(here.saved("Weights"))
    numbers = torch.tensor([w for member in weights["members"] for net in member.values() for w in net["weights"]])
    assert numbers.isfinite().all()
    assert len(numbers) > 1000
    here.tab.get_by_role("button", name="Again", exact=True).wait_for()


def test_a_method_that_breaks_leaves_the_other_in_the_readers_hands(visit):
    here = visit()
    names = here.tab.evaluate("Object.keys(document.querySelector('gen-lib-playground').spec.methods)")
    here.tab.evaluate(
        "name => { document.querySelector('gen-lib-playground').spec.methods[name].rate = 1e12; }", names[1]
    )
    here.choose("method", names[1])
    here.choose("compared with", names[0])
    here.choose("speed", "50 a second")
    here.press("Train")
    here.said("not finite")
    here.press("Pause")  # the other one goes on until then, and again after
    here.choose("speed", "full")
    here.press("Train")
    assert "not finite" in here.said("trained")
    here.press("Again")
    here.said("step")


def test_what_is_taken_away(visit):
    here = visit()
    here.press("Film")
    assert "train first" in here.said("needs a training")
    here.press("Train")
    here.said("trained")
    assert Image.open(io.BytesIO(here.saved("Picture"))).format == "PNG"
    film = Image.open(io.BytesIO(here.saved("Film")))
    film.load()
    assert film.format == "GIF"
    assert film.n_frames > 1
    with here.tab.expect_download() as download:
        here.press("Weights")
    assert download.value.suggested_filename == "weights-flow-matching.json"
    weights = json.loads(here.saved("Weights"))
    assert [member["map"]["widths"] for member in weights["members"]] == 2 * [[3, 32, 64, 32, 2]]


@pytest.mark.parametrize("choice", CHOICES)
def test_the_notebook_names_the_method_that_the_page_trains(idle, choice):
    """What it does with its numbers is another test's."""
    idle.choose("method", choice)
    notebook = nbformat.reads(idle.saved("Notebook").decode(), 4)
    nbformat.validate(notebook)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert f"method = {CHOICES[choice].code}\n" in source
    named, trained = eval(CHOICES[choice].code), METHODS[CHOICES[choice].method]
    assert named.recipe.factory.partition(":")[0] == trained.recipe.factory.partition(":")[0]
    source = source.replace("steps=200", "steps=3")
    space = {}
    exec(source, space)
    assert space["distance"].shape == (2,)
    assert space["history"].losses


@pytest.mark.parametrize("dim", ["draw your own", "draw your own, on the line"])
def test_the_notebook_of_a_drawing_has_the_drawing(visit, dim):
    here = visit()
    here.choose("data", dim)
    draw_by_mouse(here)
    source = "\n".join(cell.source for cell in nbformat.reads(here.saved("Notebook").decode(), 4).cells[1:])
    space = {}
    exec(source.replace("steps=200", "steps=3"), space)
    assert len(space["target"]) + len(space["unseen"]) == len(here.points())


@pytest.mark.parametrize("dim", [1, 2])
def test_the_distance_is_that_of_the_library(idle, dim):
    torch.manual_seed(1)
    samples, target = torch.randn(2, 500, dim, dtype=torch.float64)
    got = idle.tab.evaluate(
        "([a, b, d]) => genLibTrainer(Float64Array).distance(Float64Array.from(a), Float64Array.from(b), d, 400)",
        [samples.T.flatten().tolist(), (target + 1).T.flatten().tolist(), dim],
    )
    exact = metrics.w1(samples, target + 1) if dim == 1 else metrics.sliced_w2(samples, target + 1, 20_000)
    assert got == pytest.approx(exact.item(), rel=0.01 if dim == 2 else 1e-9)


@pytest.mark.parametrize("wanted", TARGETS)
def test_the_data_of_the_page_are_those_of_the_library(idle, wanted):
    target = TARGETS[wanted]()
    flat = idle.tab.evaluate(
        "name => { const { spec } = document.querySelector('gen-lib-playground');"
        " const { sampler, Stream } = genLibTrainer(Float64Array), law = spec.targets[name];"
        " return Array.from(sampler(law, law.dim)(new Stream(3), 2000)); }",
        wanted,
    )
    points, generator = torch.tensor(flat).reshape(target.dim, 2000).T, torch.Generator().manual_seed(0)
    *fresh, other = (target.sample(2000, generator) for _ in range(21))
    distances = metrics.energy_distance(torch.stack([points, *fresh]), other)
    assert distances[0] < distances[1:].max() + 3 * distances[1:].std()


def test_the_trainer_and_the_figure_are_small(html):
    """Compressed and as it is, in bytes."""
    assert len(gzip.compress(page.trainer().encode())) <= 30_000
    assert html.stat().st_size <= 400_000


def test_controls_have_the_values_that_the_library_takes():
    for members in NUMBERS["members"]:
        net = METHODS["fm"].build(dim=1, members=(members,))
        fit(METHODS["fm"], net, data.mixture_1d(), steps=1, batch=min(NUMBERS["batch"]), progress=False)


def test_a_control_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="unknown control 'member', did you mean 'members'"):
        live.playground(alt="A playground.", begin={"member": 2})
    with pytest.raises(ValueError, match="members must be one of"):
        live.playground(alt="A playground.", begin={"members": 3})


@pytest.mark.parametrize("wanted", [kind for kind, make in TARGETS.items() if isinstance(make(), data.GaussianMixture)])
def test_modes_are_met_as_the_library_counts_them(idle, wanted):
    """Few points, so that some modes are met by none of them."""
    target = TARGETS[wanted]()
    for n in (1, 2, 5, 20):
        generator = torch.Generator().manual_seed(n)
        points = target.sample(n, generator).double()
        away = torch.rand(n, 1, generator=generator) < 0.3  # far from all modes
        points += 4 * target.sample(100, generator).std() * away * torch.randn(n, target.dim, generator=generator)
        met = idle.tab.evaluate(
            "([name, flat]) => genLibTrainer(Float64Array).modesMet(Float64Array.from(flat),"
            " document.querySelector('gen-lib-playground').spec.targets[name].mixture)",
            [wanted, points.T.flatten().tolist()],
        )
        assert met == metrics.modes_covered(points, target).covered.item()
