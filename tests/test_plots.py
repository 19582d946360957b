import matplotlib as mpl
import pytest
import torch

from gen_lib import data, plots

mpl.use("agg")
from matplotlib.colors import to_rgba


def test_the_palette_is_the_one_of_the_book():
    assert plots.COLORS == {
        "prior": "#1f77b4",
        "data": "#e36d00",
        "latent": "#2ca02c",
        "output": "#d62728",
        "coupling": "#7f7f7f",
        "inference": "#9467bd",
        "encode": "#955f53",
        "decode": "#d863b4",
    }


def test_lines_join_partners(axes):
    z, x = torch.randn(2, 3, 10, 1)
    segments = plots.lines(axes, [z, x], count=4).get_segments()
    for i, segment in zip((0, 2, 5, 7), segments, strict=True):  # also of sorted points all parts are shown
        assert torch.allclose(torch.tensor(segment), torch.tensor([[0.0, z[0, i, 0]], [1.0, x[0, i, 0]]]).double())
    plane = plots.lines(axes, [torch.zeros(2, 2), torch.full((2, 2), 0.5), torch.ones(2, 2)]).get_segments()
    assert plane[0].tolist() == [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]


def test_one_jump_has_noise_left_and_data_right_in_their_colours(axes):
    z, x = torch.randn(2, 200, 1)
    artists = plots.states(axes, [z, x], ends=("prior", "data"))
    bars = [a for a in artists if hasattr(a, "get_width")]
    left = [b for b in bars if b.get_width() < 0]
    right = [b for b in bars if b.get_width() > 0]
    assert {mpl.colors.to_hex(b.get_facecolor()) for b in left} == {plots.COLORS["prior"]}
    assert {mpl.colors.to_hex(b.get_facecolor()) for b in right} == {plots.COLORS["data"]}
    assert [t.get_text() for t in axes.get_xticklabels()] == ["noise z", "data x"]


def test_a_flow_on_the_line_has_time_across(axes):
    path = [torch.full((3, 1), float(k)) for k in range(5)]
    plots.states(axes, path)
    (artist,) = axes.collections
    assert artist.get_segments()[0].tolist() == [[k / 4, float(k)] for k in range(5)]


def test_trajectories_arrows_and_fields_in_the_plane(axes):
    path = [torch.randn(2, 30, 2) for _ in range(4)]
    artists = plots.states(axes, path)
    assert len(artists[0].get_segments()) == 30
    assert [mpl.colors.to_hex(a.get_facecolor()[0]) for a in artists[1:]] == [
        plots.COLORS["prior"],
        plots.COLORS["output"],
    ]
    arrow = plots.arrows(axes, path[0], path[-1], count=5)
    assert torch.allclose(torch.tensor(arrow.U), (path[-1] - path[0])[0, ::6, 0])
    quiver = plots.field(axes, lambda x, t: x * t, (-1, 1), t=0.5)
    assert float(quiver.U.max()) == pytest.approx(0.5)


def test_a_field_on_the_line_is_colour_over_time_and_place(axes):
    shown = plots.field(axes, lambda x, t: x * t, (-2, 2))
    values = shown.get_array().T
    assert values.shape == (101, 121)
    assert values[0].max() == 0
    assert values[-1, -1] == pytest.approx(2.0)
    assert axes.transData.inverted().transform(axes.transAxes.transform((1, 1))) == pytest.approx([1, 2], abs=0.02)
    assert shown.get_clim() == (-2.0, 2.0)


@pytest.mark.usefixtures("unchecked")
def test_states_that_cannot_be_drawn(axes):
    with pytest.raises(ValueError, match="states must be at least two, from z to x, got 1"):
        plots.states(axes, [torch.zeros(3, 1)])
    with pytest.raises(ValueError, match="dimension 1 or 2 to be drawn, got 3"):
        plots.states(axes, [torch.zeros(3, 3)] * 2)


def test_density_is_the_exact_one(axes):
    mixture = data.mixture_1d()
    (curve,) = plots.density(axes, mixture, (-5, 5))
    x, y = (torch.tensor(v) for v in curve.get_data())
    assert torch.allclose(mixture.log_prob(x[:, None]).exp(), y)


def test_band_shows_mean_and_spread(axes):
    values = torch.stack([torch.zeros(5), torch.ones(5) * 2])
    curve, area = plots.band(axes, torch.arange(5.0), values, "output")
    assert curve.get_ydata().tolist() == [1.0] * 5
    low, high = area.get_paths()[0].get_extents().intervaly
    assert low == pytest.approx(1 - 2**0.5)
    assert high == pytest.approx(1 + 2**0.5)


def test_images_are_laid_out_row_by_row(axes):
    x = torch.arange(6.0)[:, None].expand(6, 4) / 6
    sheet = plots.images(axes, x, columns=3, titles=["a", "b"]).get_array()
    assert sheet.shape == (6, 9)
    corners = [float(sheet[1 + 3 * i, 1 + 3 * j]) for i in range(2) for j in range(3)]
    assert corners == pytest.approx([i / 6 for i in range(6)])
    with pytest.raises(ValueError, match="square images, got 5 pixels"):
        plots.images(axes, torch.zeros(2, 5), columns=2)
    with pytest.raises(ValueError, match="columns must divide the number of images, 6, got 4"):
        plots.images(axes, x, columns=4)


def test_with_a_shape_images_are_light_in_colour_or_grey(axes, caplog):
    x = torch.rand(2, 3 * 2 * 4)
    sheet = torch.tensor(plots.images(axes, x, columns=2, shape=(3, 2, 4)).get_array())
    assert sheet.shape == (3, 10, 3)
    for i in range(2):
        assert torch.equal(sheet[1:, 5 * i + 1 : 5 * i + 5].permute(2, 0, 1).flatten(), x[i])
    assert (sheet[0] == 1).all()  # a white line between them
    assert (sheet[:, 5] == 1).all()
    grey = torch.tensor(plots.images(axes, x, columns=1, shape=(1, 4, 6)).get_array())
    assert grey.shape == (10, 7, 3)
    for channel in range(3):
        assert torch.equal(grey[1:5, 1:, channel].flatten(), x[0])
    beyond = plots.images(axes, torch.tensor([[-1.0, 0.5, 2.0]]), columns=1, shape=(3, 1, 1)).get_array()
    assert beyond[1, 1].tolist() == [0.0, 0.5, 1.0]
    assert not caplog.records  # no warning about it


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 2, 2), r"shape must have as many entries as an image of x, 24, got \(3, 2, 2\): 12"),
        ((2, 3, 4), r"shape must be \(1, height, width\) .*, got \(2, 3, 4\)"),
        ((4, 6), r"shape must be .* \(3, height, width\) \(colour\), got \(4, 6\)"),
        (24, "shape must be a tuple of whole numbers, .* got 24"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(axes, shape, message):
    for draw in (
        lambda x: plots.images(axes, x, columns=1, shape=shape),
        lambda x: plots.thumbnails(axes, torch.zeros(1, 2), x, shape=shape),
    ):
        with pytest.raises(ValueError, match=message):
            draw(torch.zeros(1, 24))


def test_classes_are_named_at_their_middle(axes):
    points = torch.tensor([[0.0, 0.0], [2.0, 2.0], [5.0, 5.0]])
    artists = plots.scatter_by_class(axes, points, torch.tensor([3, 3, 7]))
    names = {a.get_text(): a.get_position() for a in artists if hasattr(a, "get_text")}
    assert set(names) == {"3", "7"}
    assert names["7"] == (5.0, 5.0)


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_role_is_refused(axes):
    with pytest.raises(ValueError, match="unknown role 'noise'"):
        plots.lines(axes, [torch.zeros(2, 1), torch.zeros(2, 1)], role="noise")


def test_thumbnails_keep_their_distance_and_their_places(axes):
    points = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.01, 0.01], [0.0, 0.5]])  # the third is too near to the first
    x = torch.arange(4.0)[:, None].expand(4, 9) / 4
    shown = plots.thumbnails(axes, points, x, apart=0.1)
    assert [artist.xy for artist in shown] == [(0.0, 0.0), (1.0, 1.0), (0.0, 0.5)]
    assert [float(artist.offsetbox.get_data()[0, 0]) for artist in shown] == [0.0, 0.25, 0.75]


def test_thumbnails_have_their_colours(axes):
    x = torch.rand(2, 3 * 2 * 2)
    shown = plots.thumbnails(axes, torch.eye(2), x, shape=(3, 2, 2))
    for artist, image in zip(shown, x, strict=True):
        assert torch.equal(torch.tensor(artist.offsetbox.get_data()).permute(2, 0, 1).flatten(), image)


def test_thumbnails_need_an_image_for_each_point(axes, unchecked):
    with pytest.raises(ValueError, match="as many, got 4 points and 3 images"):
        plots.thumbnails(axes, torch.zeros(4, 2), torch.zeros(3, 9))


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
