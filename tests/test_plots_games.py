import matplotlib as mpl
import pytest
import torch

from gen_lib import data, plots

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    figure.canvas.draw()  # what cannot be drawn fails here
    plt.close(figure)


def filled(artists) -> list[bool]:
    return [len(a.get_facecolor()) > 0 for a in artists[:-1]]


def test_covered_modes_are_full_and_missed_ones_empty(axes):
    ring = data.ring()
    samples = ring.means[[0, 3]].float()
    artists = plots.modes(axes, samples, ring)
    assert filled(artists) == [True, False, False, True, False, False, False, False]
    assert torch.allclose(torch.tensor(artists[-1].get_offsets().data).float(), samples)
    assert tuple(artists[0].get_edgecolor()[0][:3]) == to_rgba(plots.COLORS["data"])[:3]


def test_a_sample_beyond_three_standard_deviations_covers_nothing(axes):
    near, far = (data.ring().means[:1].float() + torch.tensor([shift, 0.0]) for shift in (0.029, 0.031))
    assert filled(plots.modes(axes, near, data.ring()))[0]
    assert not filled(plots.modes(axes, far, data.ring()))[0]


def test_few_samples_are_drawn_but_all_count(axes):
    ring = data.ring()
    artists = plots.modes(axes, ring.means.float().expand(2, -1, -1), ring, count=3)
    assert filled(artists) == [True] * 8
    assert len(artists[-1].get_offsets()) == 3


def test_points_on_the_line_are_refused(axes):
    with pytest.raises(ValueError, match="plane"):
        plots.modes(axes, torch.zeros(3, 1), data.mixture_1d())
