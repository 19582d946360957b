"""What a notebook keeps for programs: its recorded numbers and its claims, in its outputs, where no reader sees them.

Whoever has the executed file has the results: no side files, and a run on another machine needs nothing else.
"""

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from . import terminal

#: Jupyter shows no output of this kind, and the pages of the book leave it out.
MIME = "application/vnd.gen-lib.records+json"
_waiting: list[dict[str, Any]] = []


def publish(entry: Mapping[str, Any]) -> None:
    """Keep an entry in the outputs of the cell that runs, where a program runs the notebook; else nothing happens.

    The entries of a cell become one output at its end, so that the lines that it prints stay together.

    Args:
        entry: texts, truth values, numbers and lists of numbers
    """
    if not terminal.unattended():
        return  # some programs in which one reads say of an output that they do not know it
    if not _waiting:
        sys.modules["IPython"].get_ipython().events.register("post_run_cell", _display)
    _waiting.append({name: _plain(value) for name, value in entry.items()})


def _display(_: object = None) -> None:
    from IPython.display import display

    entries = _waiting.copy()
    _waiting.clear()
    sys.modules["IPython"].get_ipython().events.unregister("post_run_cell", _display)
    display({MIME: {"records": entries}}, raw=True)


def _plain(value: Any) -> Any:
    """JSON knows neither infinity nor what is not a number: they become words."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def collected(cells: Iterable[Mapping[str, Any]]) -> tuple[dict[str, list[float]], list[dict[str, Any]]]:
    """The records in the outputs of executed cells.

    Args:
        cells: of a notebook, as its file holds them

    Returns:
        name to values, of which the last ones count, and the claims in the order of the notebook

    Example:
        >>> entries = [{"name": "W1", "values": [0.25, "nan"]}, {"claim": "small", "value": 0.25, "holds": True}]
        >>> output = {"output_type": "display_data", "data": {MIME: {"records": entries}}}
        >>> collected([{"cell_type": "code", "outputs": [output]}])
        ({'W1': [0.25, nan]}, [{'claim': 'small', 'value': 0.25, 'holds': True}])
    """
    values: dict[str, list[float]] = {}
    claims: list[dict[str, Any]] = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            for entry in output.get("data", {}).get(MIME, {}).get("records", ()):
                if "claim" in entry:
                    claims.append({**entry, "value": float(entry["value"])})
                else:
                    values[entry["name"]] = [float(value) for value in entry["values"]]
    return values, claims
