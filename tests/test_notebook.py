import re

import pytest
import torch

from gen_lib import notebook
from gen_lib.notebook import ClaimError, ParameterError, checked, claim, declared_parameters, injected_parameters

CELLS = [
    "",
    "%pip install something",
    "import torch",
    'seed: int = 0  # of everything\nbeta: float = 1.0  # price\nname: str = "a"  # title\nfast: bool = False  # quick',
    "# Parameters\nbeta = 4\n",
]
DECLARED = declared_parameters(CELLS)


def test_the_parameters_cell_and_the_injected_one_are_found():
    expected = {"seed": (int, 0), "beta": (float, 1.0), "name": (str, "a"), "fast": (bool, False)}
    assert DECLARED == expected
    assert injected_parameters(CELLS) == {"beta": 4}
    assert declared_parameters(["import torch"]) == {}
    assert injected_parameters(CELLS[:-1]) == {}


@pytest.mark.parametrize(
    ("given", "result"),
    [
        ({"beta": 4}, {"beta": 4.0}),
        ({"beta": "2.5"}, {"beta": 2.5}),  # papermill -r passes strings
        ({"seed": "7"}, {"seed": 7}),
        ({"seed": 7.0}, {"seed": 7}),
        ({"name": "b", "fast": True}, {"name": "b", "fast": True}),
        ({"fast": "false"}, {"fast": False}),
    ],
)
def test_values_get_their_declared_types(given, result):
    values = checked(DECLARED, given, {})
    assert values == result
    assert all(type(values[k]) is type(v) for k, v in result.items())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"betta": 4}, "unknown parameter 'betta'. Allowed: seed (int, default 0), beta (float from 0 to 10"),
        ({"beta": "abc"}, "parameter 'beta' must be of type float, got 'abc'"),
        ({"seed": 1.5}, "parameter 'seed' must be of type int, got 1.5"),
        ({"seed": True}, "parameter 'seed' must be of type int, got True"),
        ({"seed": None}, "parameter 'seed' must be of type int, got None"),
        ({"fast": 1}, "parameter 'fast' must be of type bool, got 1"),
        ({"fast": "maybe"}, "parameter 'fast' must be of type bool, got 'maybe'"),
        ({"name": 3}, "parameter 'name' must be of type str, got 3"),
        ({"beta": 11.0}, "parameter 'beta' must lie from 0 to 10, got 11.0"),
        ({"beta": float("nan")}, "parameter 'beta' must lie from 0 to 10, got nan"),
        ({"betta": 4, "seed": "x"}, "unknown parameter 'betta'; parameter 'seed' must be of type int, got 'x'"),
    ],
)
def test_slips_are_named_with_what_is_allowed(given, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        checked(DECLARED, given, {"beta": (0, 10)})


def test_setup_outside_of_a_notebook_only_sets_threads_and_style(monkeypatch):
    monkeypatch.setenv("GEN_LIB_THREADS", "2")
    notebook.setup()
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("value", "band", "holds"),
    [
        (1.0, {"below": 2}, True),
        (2.0, {"below": 2}, False),
        (1.0, {"above": 0, "below": 2}, True),
        (-1.0, {"above": 0, "below": 2}, False),
        (float("nan"), {"below": 2}, False),
        (float("nan"), {"above": 2}, False),
        (torch.tensor([1.0, 2.0]), {"below": 1.6}, True),
        (torch.tensor([1.0, 2.0]), {"below": 1.4}, False),
        (torch.tensor([1.0, 2.0]), {"below": 1.6, "of": "sets", "every": True}, False),
        (torch.tensor([1.0, 2.0]), {"above": 0.9, "below": 2.1, "of": "sets", "every": True}, True),
        (torch.tensor([1.0, 2.0]), {"above": 1.1, "of": "sets", "every": True}, False),
        (torch.tensor([1.0, float("nan")]), {"below": 2, "of": "sets", "every": True}, False),
        (torch.tensor([[1.0, 3.0]]), {"above": 1.9, "below": 2.1, "of": "sets of pairs"}, True),
    ],
)
def test_claims(value, band, holds, capsys, monkeypatch):
    monkeypatch.delenv("GEN_LIB_STRICT", raising=False)
    claim("a sentence", value, **band)
    assert capsys.readouterr().out.startswith("✓ a sentence" if holds else "✗ a sentence")
    monkeypatch.setenv("GEN_LIB_STRICT", "1")
    if holds:
        claim("a sentence", value, **band)
    else:
        with pytest.raises(ClaimError, match="✗ a sentence"):
            claim("a sentence", value, **band)


def test_a_claim_prints_its_unit_and_what_it_compares(capsys):
    values = torch.tensor([1.0, 2.0, 3.0])
    claim("distance", values, above=0.5, below=4)
    claim("distance", values, of="points", every=True, below=2.5)
    claim("distance", values[:1], below=4)
    assert capsys.readouterr().out.splitlines() == [
        "✓ distance: 2 ± 1, mean of 3 members (above 0.5 and below 4)",
        "✗ distance: 1 to 3, every one of 3 points (below 2.5)",
        "✓ distance: 1 (below 4)",
    ]


def test_a_claim_without_a_band_or_a_value_is_refused():
    with pytest.raises(ValueError, match="claim 'distance' needs a band"):
        claim("distance", 1.0)
    with pytest.raises(ValueError, match="claim 'distance' needs a value, got none"):
        claim("distance", torch.ones(0), below=1)
