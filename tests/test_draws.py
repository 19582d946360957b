"""A member's numbers do not depend on how many others there are."""

import pytest
import torch

from gen_lib import draws


@pytest.mark.parametrize("draw", [draws.uniform, draws.normal])
def test_member_i_sees_the_stream_of_a_lone_run_with_seed_plus_i(draw):
    with draws.streams((4,), seed=3):
        together = [draw((4, n, 2)) for n in (5, 40_000, 7)]  # the second is larger than a block
    for i in range(4):
        with draws.streams((), seed=3 + i):
            for whole in together:
                assert torch.equal(draw(tuple(whole.shape[1:])), whole[i])


def test_streams_are_independent_and_of_the_right_law():
    with draws.streams((2,), seed=0):
        u, e = draws.uniform((2, 50_000, 1)), draws.normal((2, 50_000, 1))
    assert torch.allclose(u.mean(1), torch.tensor(0.5), atol=0.01)
    assert torch.allclose(u.var(1), torch.tensor(1 / 12), atol=0.002)
    assert torch.allclose(e.mean(1), torch.tensor(0.0), atol=0.02)
    assert torch.allclose(e.var(1), torch.tensor(1.0), atol=0.03)
    for pair in (u, e):
        assert abs(torch.corrcoef(pair[..., 0])[0, 1]) < 0.02


def test_outside_a_stream_the_generator_decides_and_torch_otherwise():
    a, b = (draws.normal((3,), torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(a, b)
    torch.manual_seed(1)
    assert torch.equal(draws.normal((3,)), a)


def test_a_draw_that_ignores_the_members_is_refused():
    with draws.streams((4,), seed=0), pytest.raises(ValueError, match=r"\(3, 1\).*must begin with the members \(4,\)"):
        draws.uniform((3, 1))


def test_members_can_share_a_stream_and_the_outer_one_goes_on():
    with draws.streams((3,), seed=5):
        whole = draws.normal((3, 8))
    with draws.streams((3,), seed=5):
        first = draws.normal((3, 4))
        with draws.streams((3,), seed=6, shared=True):
            same = draws.normal((3, 4))
        assert torch.equal(torch.cat([first, draws.normal((3, 4))], -1), whole)
    with draws.streams((), seed=6):
        alone = draws.normal((4,))
    assert torch.equal(same, alone.expand(3, 4))
