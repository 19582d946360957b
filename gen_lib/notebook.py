"""What every chapter calls first (set-up) and last (claims), and what it records for those who run it many times."""

import os
import sys

import torch
from IPython import get_ipython
from torch import Tensor

from . import plots, records, terminal
from .parameters import checked, read_parameters
from .slips import brief, threads, whole

MOST_VALUES = 10_000


class ClaimError(AssertionError):
    """A sentence of the book is not true in this run."""


def _named(text: object, argument: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{argument} must be a text, got {brief(text)}")


def setup(**bounds: tuple[float, float]) -> None:
    """Check the chapter's parameters, choose threads and the style of the figures, seed torch.

    papermill passes any name and any type on to the notebook; here, in the first cell that runs, a slip becomes an
    error that names the parameter and what is allowed. What counts is the value that a name holds now, whichever cell
    gave it; it is put back with the type that the parameters cell declares. In a script, such as one exported from a
    chapter, there are no cells, and only torch is seeded.

    Small nets run fastest on one thread. The environment variable ``GEN_LIB_THREADS`` overrides that.

    Args:
        bounds: name of a parameter to its least and largest value

    Raises:
        ParameterError: unknown name, wrong type, or value out of bounds
        ValueError: ``GEN_LIB_THREADS`` is not a number of threads

    Example:
        >>> setup()
    """
    torch.set_num_threads(threads())
    plots.use_style()
    terminal.forgive()
    names = vars(sys.modules["__main__"])  # of the notebook or of the script
    shell = get_ipython()
    if shell and shell.user_ns is names and any(cells := shell.history_manager.input_hist_parsed):
        declared, injected = read_parameters(cells, bounds)
        given = {name: names[name] for name in [*declared, *bounds, *injected] if name in names}
        names.update(checked(declared, given, bounds))
    torch.manual_seed(whole("seed", names.get("seed", 0), least=0))


def show(name: str, values: Tensor, digits: int = 3) -> None:
    """Print the mean of several values and their standard deviation, such as those of the members, with a name.

    Args:
        name: what they are
        values: one per member, or of whatever they are
        digits: after the point

    Example:
        >>> show("W1", torch.tensor([0.1, 0.2, 0.3]))
           0.200 ± 0.100  W1
    """
    values = torch.as_tensor(values, dtype=torch.float64)
    spread = f" ± {values.std():.{digits}f}" if values.numel() > 1 else ""
    terminal.say(f"{values.mean():8.{digits}f}{spread}  {name}")


def record(name: str, value: float | Tensor) -> None:
    """Keep a number of this run for :mod:`gen_lib.runs`, which collects many runs in one table.

    It goes into the outputs of the cell, where a program runs the notebook, and no reader sees it. Of several values,
    such as those of the members, the table has the mean, the standard deviation and all of them. The last value of a
    name counts.

    Args:
        name: of the column
        value: the number, or at most 10,000

    Raises:
        ValueError: no name; no value, or too many

    Example:
        >>> record("W1", torch.tensor([0.1, 0.2, 0.3]))
    """
    _named(name, "name")
    values = torch.as_tensor(value, dtype=torch.float64).flatten()
    if not 1 <= len(values) <= MOST_VALUES:
        raise ValueError(f"record {name!r} needs 1 to {MOST_VALUES} values, got {len(values)}")
    records.publish({"name": name, "values": values.tolist()})


def claim(
    text: str,
    value: float | Tensor,
    *,
    below: float | None = None,
    above: float | None = None,
    of: str = "members",
    every: bool = False,
) -> None:
    """Print a sentence of the book with its number and whether it holds.

    Of several values the mean is compared, and printed with their standard deviation; with ``every`` each of them is,
    and the least and the largest are printed. Like what :func:`record` keeps, a claim is in the table of many runs.
    With the environment variable ``GEN_LIB_STRICT=1`` (set when the book is built) a claim that fails stops the
    notebook.

    Args:
        text: the sentence, or the quantity
        value: the number, or several
        below: what is compared must be smaller than this
        above: what is compared must be larger than this; at least one of the two is needed
        of: what the values are, if they are not those of the members: ``"points"``, ``"sets of pairs"``
        every: compare each value instead of the mean

    Raises:
        ValueError: no text; no band; no value
        ClaimError: the claim fails, in a strict run

    Example:
        >>> claim("two is less than three", 2, below=3)
        ✓ two is less than three: 2 (below 3)
        >>> claim("W1", torch.tensor([0.1, 0.2, 0.3]), below=0.25)
        ✓ W1: 0.2 ± 0.1, mean of 3 members (below 0.25)
        >>> claim("W1", torch.tensor([0.1, 0.2, 0.3]), of="sets", every=True, below=0.25)
        ✗ W1: 0.1 to 0.3, every one of 3 sets (below 0.25)
    """
    _named(text, "text")
    if below is None and above is None:
        raise ValueError(f"claim {text!r} needs a band: below=, above= or both")
    values = torch.as_tensor(value, dtype=torch.float64).detach().flatten()
    if not len(values):
        raise ValueError(f"claim {text!r} needs a value, got none")
    low, high = (values.min(), values.max()) if every else (values.mean(), values.mean())
    holds = (below is None or high < below) and (above is None or low > above)
    if every:
        number = f"{low:.3g} to {high:.3g}, every one of {len(values)} {of}"
    elif len(values) > 1:
        number = f"{low:.3g} ± {values.std():.2g}, mean of {len(values)} {of}"
    else:
        number = f"{low:.3g}"
    bounds = {"above": above, "below": below}
    band = " and ".join(f"{name} {bound:g}" for name, bound in bounds.items() if bound is not None)
    line = f"{'✓' if holds else '✗'} {text}: {number} ({band})"
    terminal.say(line)
    records.publish({"claim": text, "value": float(values.mean()), "holds": bool(holds)})
    if not holds and os.environ.get("GEN_LIB_STRICT") == "1":
        raise ClaimError(line)
