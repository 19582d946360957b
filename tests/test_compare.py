"""Comparisons: equal conditions, honest counts, and files that are whole or not there."""

import html.parser
from pathlib import Path
from unittest.mock import Mock

import matplotlib as mpl
import pytest
import torch
from PIL import Image

from gen_lib import METHODS, data, fit, methods, metrics, samplers
from gen_lib.compare import RATES, Interrupted, animate, compare, distances, draw, evaluations, table, writable_gif
from gen_lib.train import NotFinite

mpl.use("agg")
from matplotlib.figure import Figure

SMALL = {"epochs": 3, "steps_per_epoch": 4, "batch": 16, "members": (2,), "samples": 40, "progress": False}


@pytest.fixture(scope="module")
def line():
    return compare(["decoder", "gan", "fm"], data.mixture_1d(), **SMALL)


@pytest.fixture(scope="module")
def plane():
    return compare(["decoder", "gan", "fm"], data.mixture_2d(), **SMALL)


def test_every_ready_method_can_be_compared():
    everything = compare(list(METHODS), data.mixture_2d(), **SMALL)
    assert list(everything.runs) == list(METHODS)
    assert {tuple(run.frames.shape) for run in everything.runs.values()} == {(3, 40, 2)}
    asked = {name: run.evaluations for name, run in everything.runs.items()}
    assert asked == dict.fromkeys(METHODS, 1) | {"fm": 100, "diffusion": 50}


def test_a_method_in_a_comparison_is_the_method_alone(line):
    """Whatever trains before it, however often it is looked at."""
    net = METHODS["gan"].build(dim=1, members=(2,), seed=0)
    history = fit(METHODS["gan"], net, data.mixture_1d(), steps=12, batch=16, lr=RATES["gan"], progress=False)
    run = line.runs["gan"]
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), run.net.parameters(), strict=True))
    assert all(torch.equal(history.losses[name], run.history.losses[name]) for name in history.losses)
    with torch.no_grad():
        samples = METHODS["gan"].push(net, line.noise)[-1]
    assert torch.equal(run.distances["W1"].value, metrics.w1(samples, data.mixture_1d()))
    assert torch.allclose(run.frames[-1], samples[0], atol=1e-5)  # by a lone net


def test_frames_are_samples_after_each_epoch(line):
    short = compare(["decoder", "gan", "fm"], data.mixture_1d(), **SMALL | {"epochs": 1, "lr": 1e-12})
    start = METHODS["fm"].build(dim=1, members=(2,), seed=0)
    with torch.no_grad():
        before = METHODS["fm"].push(start, short.noise)[-1][0]
    assert torch.allclose(short.runs["fm"].frames[0], before, atol=1e-5)
    moved = line.runs["fm"].frames.diff(dim=0).abs().amax((1, 2))
    assert (moved > 1e-4).all()


def test_the_same_seed_gives_the_same_numbers(line):
    again = compare(["decoder", "gan", "fm"], data.mixture_1d(), **SMALL)
    other = compare(["decoder", "gan", "fm"], data.mixture_1d(), **SMALL, seed=1)
    for name, run in line.runs.items():
        assert torch.equal(run.frames, again.runs[name].frames)
        assert torch.equal(run.distances["W1"].value, again.runs[name].distances["W1"].value)
        assert not torch.equal(run.frames, other.runs[name].frames)


def test_numbers_by_name_and_for_all():
    run = compare(["decoder", "gan"], data.mixture_1d(), **SMALL | {"steps_per_epoch": {"gan": 2}}).runs
    assert (run["decoder"].steps, run["gan"].steps) == (300, 6)
    assert (run["decoder"].lr, run["gan"].lr) == (1e-2, RATES["gan"])
    run = compare(["decoder", "gan"], data.mixture_1d(), **SMALL, lr=5e-3).runs
    assert {one.lr for one in run.values()} == {5e-3}


def test_own_methods_and_points_drawn_once():
    mine = {"slow": methods.fm(), "jump": methods.meanflow(same=0.25)}
    both = compare(mine, data.mixture_1d(), **SMALL | {"lr": {"slow": 1e-4}}, points=5)
    assert [run.lr for run in both.runs.values()] == [1e-4, 1e-2]
    assert both.runs["slow"].method is mine["slow"]
    seen = []
    spy = methods.decoder(coupling=lambda z, x: (seen.append(x), (z, x))[1])
    compare({"spy": spy}, data.mixture_1d(), **SMALL, points=5)
    assert len(torch.cat(seen).unique()) <= 5


def test_a_lone_net_is_compared_like_members():
    alone = compare(["fm"], data.mixture_1d(), **SMALL | {"members": ()}).runs["fm"]
    assert alone.frames.shape == (3, 40, 1)
    assert alone.distances["W1"].value.shape == ()


@pytest.mark.parametrize("steps", [1, 3])
def test_evaluations_agree_with_the_counter_of_the_samplers(steps):
    net = METHODS["fm"].build(dim=1)
    z = torch.randn(5, 1)
    field = samplers.Counted(net)
    expected = samplers.heun(field, z, steps)
    method = METHODS["fm"]
    asked, states = evaluations(
        type(method)(
            architecture=method.architecture, turns=method.turns, push=lambda n, z: samplers.heun(n, z, steps)
        ),
        net,
        z,
    )
    assert asked == field.evaluations == 2 * steps
    assert torch.equal(states[-1], expected[-1])
    assert not any(part._forward_hooks for part in net.modules())  # nothing stays behind


def test_many_points_are_pushed_in_parts_and_counted_once():
    net = METHODS["fm"].build(dim=2, members=(2,), seed=0)
    z = torch.randn(2, 2500, 2)
    with torch.no_grad():
        asked, states = evaluations(METHODS["fm"], net, z)
        whole = METHODS["fm"].push(net, z)
    assert asked == 100
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(states, whole, strict=True))


def test_training_time_leaves_out_the_looking(line):
    for run in line.runs.values():
        assert 0 < run.seconds < run.history.seconds


@pytest.mark.parametrize("target", [data.mixture_1d(), data.mixture_2d(), data.moons()], ids=["line", "plane", "moons"])
def test_perfect_samples_are_at_the_floor_and_shifted_ones_at_their_shift(target):
    perfect = target.sample((6, 1500), torch.Generator().manual_seed(5))
    floor = compare(["decoder"], target, **SMALL | {"samples": 1500}).runs["decoder"].distances
    for name, value in distances(perfect, target).items():
        assert value.shape == (6,)
        assert abs(value.mean() - floor[name].floor.mean()) < 2 * floor[name].floor.std() + 0.02
    for name, value in distances(perfect + 30, target).items():
        share = {"W1": 1, "sliced W2": 1, "W2": 2**0.5}[name]  # W2 of a shift is its length; sliced, over sqrt(2)
        assert torch.allclose(value, torch.full((6,), 30.0 * share), rtol=0.02)


def test_names_and_arguments_are_refused_before_work_starts(unchecked, monkeypatch):
    monkeypatch.setattr("gen_lib.compare.run.fit", lambda *_, **__: pytest.fail("work has started"))
    mixture = data.mixture_1d()
    with pytest.raises(ValueError, match="unknown method 'gann', did you mean 'gan'"):
        compare(["fm", "gann"], mixture)
    for chosen in ([], "fm", None, {}):
        with pytest.raises(ValueError, match="chosen must be a list of names"):
            compare(chosen, mixture)
    with pytest.raises(TypeError, match="chosen must give a Method for every name, for 'fm'"):
        compare({"fm": "fm"}, mixture)
    with pytest.raises(ValueError, match="target must be a distribution"):
        compare(["fm"], torch.randn(5, 1))
    with pytest.raises(ValueError, match="unknown name in lr 'gann', did you mean 'gan'"):
        compare(["fm"], mixture, lr={"gann": 1e-3})
    bad = {"epochs": 0, "steps_per_epoch": 1.5, "batch": 0, "lr": -1.0, "members": 8, "hidden": (0,), "points": 0}
    for name, value in (bad | {"samples": 1, "seed": -1}).items():
        with pytest.raises(ValueError, match=rf"{name} must be .*, got"):
            compare(["fm"], mixture, **{name: value})
    with pytest.raises(ValueError, match="steps_per_epoch must be a whole number of at least 1, got 0"):
        compare(["fm"], mixture, steps_per_epoch={"fm": 0})


def failing_after(step, error):
    calls = []

    def coupling(z, x):
        calls.append(None)
        if len(calls) > step:
            raise error
        return z, x

    return methods.decoder(coupling=coupling)


def test_stopped_by_hand_what_had_finished_is_kept(line):
    three = {"decoder": METHODS["decoder"], "stopped": failing_after(5, KeyboardInterrupt()), "fm": METHODS["fm"]}
    with pytest.raises(Interrupted, match=r"stopped was training; .* kept in \.comparison: decoder$") as caught:
        compare(three, data.mixture_1d(), **SMALL)
    kept = caught.value.comparison
    assert list(kept.runs) == ["decoder"]
    assert torch.equal(kept.runs["decoder"].frames, line.runs["decoder"].frames)
    assert isinstance(caught.value, KeyboardInterrupt)


def test_a_loss_that_is_not_finite_names_its_method():
    bad = methods.decoder(coupling=lambda z, x: (z, x / 0))
    with pytest.raises(NotFinite) as caught:
        compare({"bad": bad}, data.mixture_1d(), **SMALL)
    assert caught.value.__notes__ == ["This was method 'bad' of a comparison."]


@pytest.mark.parametrize("rows", [1, 2])
def test_one_frame_per_epoch_even_where_nothing_moves(line, plane, rows, tmp_path):
    still = compare(
        ["decoder", "gan", "fm"], data.mixture_1d(), **SMALL | {"epochs": 7, "steps_per_epoch": 1, "lr": 1e-12}
    )
    moving = compare(["decoder", "gan", "fm"], data.mixture_2d(), **SMALL | {"epochs": 7, "steps_per_epoch": 1})
    path = animate([still, moving][:rows], tmp_path / "a.gif", fps=10, size=(0.8, 0.8), dpi=50, progress=False)
    with Image.open(path) as picture:
        assert picture.format == "GIF"
        assert picture.n_frames == 7
        assert picture.width == round(3 * 0.8 * 50)
        shown = []
        for k in range(7):
            picture.seek(k)
            shown.append(picture.info["duration"])
        assert shown == [100] * 7  # milliseconds: ten frames per second
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_a_file_is_not_overwritten_unless_asked(line, tmp_path):
    path = tmp_path / "a.gif"
    path.write_text("a result")
    with pytest.raises(FileExistsError, match=r"a\.gif exists: choose another name, or overwrite it"):
        animate(line, path)
    assert path.read_text() == "a result"
    assert animate(line, path, overwrite=True, size=(0.8, 0.8), dpi=50, progress=False) == path
    with Image.open(path) as picture:
        assert picture.n_frames == 3


@pytest.mark.parametrize("before", [None, "an earlier one"])
def test_nothing_half_written_remains(line, tmp_path, monkeypatch, before):
    path = tmp_path / "a.gif"
    if before:
        path.write_text(before)
    frames = iter([[], KeyboardInterrupt()])

    def stopped(*_):
        step = next(frames)
        if isinstance(step, KeyboardInterrupt):
            raise step
        return step

    monkeypatch.setattr("gen_lib.compare.frames.draw", stopped)
    with pytest.raises(KeyboardInterrupt):
        animate(line, path, overwrite=True, progress=False)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == ({"a.gif": before} if before else {})


def test_places_that_cannot_be_written(line, tmp_path):
    with pytest.raises(ValueError, match=r"path must end in \.gif, got .*a\.png"):
        writable_gif(tmp_path / "a.png")
    with pytest.raises(FileNotFoundError, match="a folder that exists"):
        writable_gif(tmp_path / "nowhere" / "a.gif")
    assert writable_gif(str(tmp_path / "a.GIF")) == tmp_path / "a.GIF"
    (tmp_path / "b.gif").mkdir()
    with pytest.raises(FileExistsError, match=r"path must be that of a file, .*b\.gif is not a file"):
        writable_gif(tmp_path / "b.gif", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["b.gif"]  # it leaves nothing there


@pytest.mark.parametrize("trouble", [PermissionError(13, "denied"), OSError(30, "denied")])
def test_a_folder_that_takes_no_files_is_found_at_once(tmp_path, monkeypatch, trouble):
    monkeypatch.setattr(Path, "touch", Mock(side_effect=trouble))
    with pytest.raises(type(trouble), match=r"path must be writable, .*a\.gif is not: denied"):
        writable_gif(tmp_path / "a.gif")


def test_a_name_as_long_as_the_system_allows(line, tmp_path):
    path = tmp_path / f"{'a' * 251}.gif"
    assert animate(line, path, progress=False) == path
    assert list(tmp_path.iterdir()) == [path]


def test_comparisons_that_do_not_fit_together(line, tmp_path):
    other = compare(["fm"], data.mixture_1d(), **SMALL)
    for rows in ([], [line, other]):
        with pytest.raises(ValueError, match="of the same methods and epochs"):
            animate(rows, tmp_path / "a.gif")
    for name, value in {"fps": 0, "dpi": 1, "size": (0.0, 1.0)}.items():
        with pytest.raises(ValueError, match=name):
            animate(line, tmp_path / "a.gif", **{name: value})
    assert not list(tmp_path.iterdir())


def test_a_row_shows_the_samples_of_the_epoch(line, plane):
    axes = Figure().subplots(1, 3)
    artists = draw(axes, plane, 2)
    assert [ax.get_title() for ax in axes] == ["decoder", "gan", "fm"]
    shown = torch.tensor(artists[1].get_offsets().data)
    assert torch.allclose(shown.float(), plane.runs["decoder"].frames[1])
    last = draw(Figure().subplots(1, 3), plane)
    assert torch.allclose(torch.tensor(last[-1].get_offsets().data).float(), plane.runs["fm"].frames[-1])


def test_on_the_line_the_bars_are_a_density_and_what_is_outside_still_counts(line):
    axes = Figure().subplots(1, 3)
    bars, curve, *_ = draw(axes, line, 1)
    values, edges, _ = bars.get_data()
    inside = (line.runs["decoder"].frames[0] - edges[0]) * (line.runs["decoder"].frames[0] - edges[-1]) <= 0
    assert (values * (edges[1:] - edges[:-1])).sum() == pytest.approx(inside.float().mean().item(), abs=1e-5)
    x, y = (torch.tensor(part) for part in curve.get_data())
    assert torch.allclose(y, data.mixture_1d().log_prob(x[:, None]).exp())
    for run in line.runs.values():
        run.frames[0] += 1000  # far outside of the picture
    bars, *_ = draw(axes, line, 1)
    assert bars.get_data()[0].sum() == 0
    for run in line.runs.values():
        run.frames[0] -= 1000


def test_what_cannot_be_drawn(line):
    with pytest.raises(ValueError, match="axes must be 3, one per method, got 2"):
        draw(Figure().subplots(1, 2), line)
    with pytest.raises(ValueError, match="epoch must be at most 3, got 4"):
        draw(Figure().subplots(1, 3), line, 4)
    space = data.GaussianMixture(torch.ones(1), torch.zeros(1, 3), torch.eye(3)[None])
    with pytest.raises(ValueError, match="dimension 1 or 2 to be drawn, got 3"):
        draw([Figure().subplots()], compare(["decoder"], space, **SMALL))


class Cells(html.parser.HTMLParser):
    """The texts of a table, row by row, and its headers with their scope."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.scopes, self.caption, self.tag = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        if tag == "th":
            self.scopes.append(dict(attrs)["scope"])

    def handle_data(self, text):
        if self.tag in ("th", "td"):
            self.rows[-1][-1] += text
        elif self.tag == "caption":
            self.caption += text


def test_the_table_says_what_the_runs_say(plane):
    cells = Cells(table(plane, "in the plane <&>"))
    assert cells.caption == "in the plane <&>"
    head, *rows, last = cells.rows
    assert head == ["method", "sliced W2", "W2", "evaluations", "steps", "seconds"]
    assert [row[0] for row in rows] == list(plane.runs)
    assert cells.scopes == ["col"] * 6 + ["row"] * 4
    for row, run in zip(rows, plane.runs.values(), strict=True):
        value = run.distances["sliced W2"].value
        assert row[1] == f"{value.mean():.3f} ± {value.std():.3f}"
        assert row[3:] == [str(run.evaluations), "12", f"{run.seconds:.1f}"]
    floor = plane.runs["fm"].distances["W2"].floor
    assert last[:3:2] == ["perfect samples", f"{floor.mean():.3f} ± {floor.std():.3f}"]


def test_no_member_is_measured_with_the_noise_it_was_trained_on():
    seen = []
    spy = methods.decoder(coupling=lambda z, x: (seen.append(z), (z, x))[1])
    noise = compare({"spy": spy}, data.mixture_1d(), **SMALL).noise
    assert not torch.isin(noise, torch.cat(seen, 1)).any()
