"""The figure of the cover: it carries its net and starts as its picture; bad calls are refused."""

import base64

import matplotlib as mpl
import numpy as np
import pytest
import torch
from figure_parts import spec as spec_of
from matplotlib import pyplot as plt

from gen_lib import METHODS
from gen_lib.figures import live

mpl.use("agg")
MODES = torch.tensor([[-2.0, 1.0], [1.5, -1.0], [2.0, 2.0]])


def net(dim=8, members=(2,)):
    return METHODS["fm"].build(dim=dim, hidden=(5,), members=members)


def show(**change):
    live.flow_plane(
        **{"net": net(), "modes": MODES, "alt": "Streams.", "deviation": 0.3, "reach": (3.0, 2.5), **change}
    )


def test_it_carries_the_first_net_and_the_modes(moving):
    one = net()
    show(net=one, particles=20, steps=4)
    spec = spec_of(moving[0])
    first = torch.cat([p[0].detach().flatten() for p in one.map.parameters()]).numpy()
    assert np.array_equal(np.frombuffer(base64.b64decode(spec["net"]["weights"]), "<f4"), first)
    assert (spec["modes"], spec["reach"], spec["deviation"]) == (MODES.tolist(), [3.0, 2.5], 0.3)
    assert (spec["steps"], len(base64.b64decode(spec["noise"]))) == (4, 20 * 2 * 4)
    assert set(moving[0]) == {"image/png", "text/html", "text/plain"}
    assert not plt.get_fignums()


def test_the_same_noise_every_time(moving):
    show()
    show()
    assert spec_of(moving[0])["noise"] == spec_of(moving[1])["noise"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": net(dim=6)}, "field in dimension 8, two and two for each of 3 modes, got dimension 6 and 1 time"),
        ({"net": METHODS["meanflow"].build(dim=8)}, "got dimension 8 and 2 time"),
        ({"net": METHODS["decoder"].build(dim=8)}, "got Decoder"),
        ({"modes": MODES[0]}, r"modes must have shape \(k, 2\), got \[2\]"),
        ({"modes": 2 * MODES}, r"modes must lie within reach, \(3.0, 2.5\) from 0, got \[\[-4.0, 2.0\]"),
        ({"modes": MODES * torch.nan}, "modes must lie within reach"),
        ({"reach": (3.0, -2.5)}, "modes must lie within reach"),
        ({"deviation": 0.0}, "deviation must be positive, got 0.0"),
        ({"deviation": float("nan")}, "deviation must be positive, got nan"),
        ({"particles": 0}, "particles must be a whole number of at least 1"),
        ({"steps": 1}, "steps must be a whole number of at least 2"),
        ({"alt": " "}, "alt must say what the figure shows"),
    ],
)
def test_what_it_cannot_show_is_refused(moving, unchecked, change, words):
    with pytest.raises(ValueError, match=words):
        show(**change)
    assert moving == []
    plt.close("all")
