"""The table of a sweep as a page: one file, which needs no network and no kernel."""

import base64
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from . import table
from .sweep import SWEEP, results
from .whole import write

MOST_PICTURES = 48
LARGEST = 1e100  # beyond it, and on a logarithmic axis below its inverse, the axes of a picture overflow
Row = Mapping[str, Any]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #222 }
figure { display: inline-block; margin: 0 1rem 1rem 0 } figcaption { font-size: .85rem; color: #555; max-width: 22rem }
.table { overflow-x: auto } table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
thead th { position: sticky; top: 0; background: #fff } .failed { background: #fdecea }
pre { overflow-x: auto; background: #f6f6f6; padding: .5rem }
@media (prefers-color-scheme: dark) {
  body { background: #181818; color: #ddd } figcaption { color: #aaa } img { filter: invert(1) hue-rotate(180deg) }
  thead th { background: #181818 } th, td { border-color: #444 } .failed { background: #4a2320 }
  pre { background: #222 }
}
"""


def report(folder: Path, out: Path | None = None, *, force: bool = False) -> Path:
    """Draw the table of a sweep, also of one that still runs.

    Each recorded value is drawn over each swept parameter: the mean of the runs with an error bar of one standard
    deviation over them; where there is one run, over its members.

    Args:
        folder: of the sweep
        out: where the page goes, ``report.html`` in the folder if not given
        force: replace a file that is there, if it is not that one

    Returns:
        the page

    Raises:
        FileNotFoundError: no sweep in the folder
        FileExistsError: the file is there
    """
    if not (folder / SWEEP).is_file():
        raise FileNotFoundError(f"folder {folder} must hold a sweep, it has no {SWEEP}: gen-lib sweep makes one")
    if out is not None and out.exists() and not force:
        raise FileExistsError(f"{out} exists, choose another name or add --force")
    shared = json.loads((folder / SWEEP).read_text("utf8"))
    rows = [table.flat(result) for result in results(folder)]
    text = page(folder.absolute().name, shared, rows)
    return write(out or folder / "report.html", text.encode("utf8", "backslashreplace"))


def page(title: str, shared: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """The page as a text.

    Args:
        title: of the sweep
        shared: base, parameters and the names of those that are swept
        rows: of the table
    """
    done = [row for row in rows if row["status"] == "done"]
    seconds = sum(row["seconds"] for row in rows)
    counts = f"{len(rows)} runs, {len(rows) - len(done)} failed, {seconds:,.1f} s of computing"
    if claims := sum(row["claims"] for row in rows):
        counts += f", {sum(row['claims_hold'] for row in rows)} of {claims} claims hold"
    fixed = {name: value for name, value in shared["parameters"].items() if name not in shared["swept"]}
    same = "".join(f"<li>{escape(f'{name} = {value}')}</li>" for name, value in (fixed | shared["base"]).items())
    hidden = {
        *map(table.of_parameter, fixed),
        "traceback",
        *(name for name in _parts(rows) if name.endswith("_values")),
    }
    columns = [name for name in table.Columns(rows).names if name not in hidden]
    swept = [*map(table.of_parameter, shared["swept"])]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1><p>{counts}.</p>"
        f"<details><summary>The same in all runs</summary><ul>{same}</ul></details>"
        f"<h2>Results</h2>{''.join(pictures(done, swept))}"
        f'<h2>Runs</h2><div class="table" tabindex="0" role="region" aria-label="Runs"><table><thead><tr>'
        f"{head}</tr></thead>"
        f"<tbody>{''.join(_line(row, columns) for row in rows)}</tbody></table></div>"
        f"{''.join(_failures(rows))}</main></body></html>\n"
    )


def _line(row: Row, columns: Sequence[str]) -> str:
    mark = "" if row["status"] == "done" else ' class="failed"'
    return f"<tr{mark}>{''.join(f'<td>{escape(_short(row.get(name)))}</td>' for name in columns)}</tr>"


def _short(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _failures(rows: Sequence[Row]) -> Iterator[str]:
    """Of equal failures the first is shown, with their number."""
    alike = defaultdict(list)
    for row in rows:
        if row["status"] != "done":
            alike[row["trouble"]].append(row)
    if alike:
        yield "<h2>Failures</h2>"
    for trouble, failed in alike.items():
        numbers = ", ".join(str(row["run"]) for row in failed[:20]) + ", ..." * (len(failed) > 20)
        title = f"{trouble} ({len(failed)} of {len(rows)} runs: {numbers})"
        yield f"<details><summary>{escape(title)}</summary><pre>{escape(failed[0]['traceback'])}</pre></details>"


def pictures(rows: Sequence[Row], swept: Sequence[str]) -> Iterator[str]:
    """A picture of each recorded value over each parameter that has several values, with its description."""
    parts = _parts(rows)
    names = [name for name in dict.fromkeys(name for row in rows for name in _recorded(row)) if name not in parts]
    over = [name for name in swept if len({repr(row[name]) for row in rows}) > 1]
    pairs = [(name, parameter) for name in names for parameter in over]
    if not pairs:
        yield "<p>Nothing was recorded over a parameter with several values.</p>"
    for name, parameter in pairs[:MOST_PICTURES]:
        yield _figure(name, parameter, rows)
    if len(pairs) > MOST_PICTURES:
        yield f"<p>{len(pairs) - MOST_PICTURES} more pictures are not drawn.</p>"


def _recorded(row: Row) -> list[str]:
    """Recorded values stand between the seconds and the claims of a row."""
    columns = [*row]
    return columns[columns.index("seconds") + 1 : columns.index("claims")]


def _parts(rows: Sequence[Row]) -> set[str]:
    """The columns that a recorded name of several values has besides that of their mean."""
    lists = [name for row in rows for name in _recorded(row) if isinstance(row[name], list)]
    return {part for name in lists for part in (name, f"{name.removesuffix('_values')}_std")}


def grouped(name: str, parameter: str, rows: Sequence[Row]) -> list[tuple[Any, float, float, int]]:
    """Parameter, mean, standard deviation and number of runs, for each value of the parameter.

    Args:
        name: of the recorded value
        parameter: that it is drawn over
        rows: of the table

    Example:
        >>> rows = [{"beta": 1, "y": 1.0}, {"beta": 1, "y": 3.0}, {"beta": 2, "y": 5.0, "y_std": 0.5}]
        >>> grouped("y", "beta", rows)
        [(1, 2.0, 1.4142135623730951, 2), (2, 5.0, 0.5, 1)]
    """
    groups = defaultdict(list)
    for row in rows:
        if abs(row.get(name, float("nan"))) <= LARGEST:
            value = row[parameter]
            groups[str(value) if isinstance(value, list | dict) else value].append(row)
    numbers = all(isinstance(value, int | float) for value in groups)
    found = []
    for value in sorted(groups, key=None if numbers else str):
        values = [row[name] for row in groups[value]]
        center, spread = table.mean_and_spread(values)
        if len(values) == 1:
            spread = groups[value][0].get(f"{name}_std", 0.0)
            spread = spread if spread <= LARGEST else float("nan")
        found.append((value, center, spread, len(values)))
    return found


def _label(text: str) -> str:
    """A text that leaves room for the axes."""
    return text if len(text) <= 30 else f"{text[:14]}…{text[-15:]}"


def _figure(name: str, parameter: str, rows: Sequence[Row]) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = grouped(name, parameter, rows)
    figure = Figure(figsize=(3.6, 2.6), layout="constrained")
    axes = FigureCanvasAgg(figure).figure.add_subplot()
    values, means, spreads, counts = zip(*found, strict=True) if found else ((), (), (), ())
    numbers = bool(found) and all(type(value) in (int, float) and abs(value) <= LARGEST for value in values)
    places = values if numbers else range(len(values))
    axes.errorbar(places, means, spreads, fmt="o-", capsize=3, markersize=4, linewidth=1)
    if not numbers:
        axes.set_xticks(places, [_label(str(value)) for value in values], parse_math=False)
    elif min(values) > 1 / LARGEST and max(values) >= 50 * min(values):
        axes.set_xscale("log")
    axes.set_xlabel(_label(parameter), parse_math=False)  # a dollar is a dollar
    axes.set_ylabel(_label(name), parse_math=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    picture = base64.b64encode(file.getvalue()).decode()
    runs = f"{min(counts)} to {max(counts)}" if len({*counts}) > 1 else f"{max(counts, default=0)}"
    each = "standard deviation over the runs" if max(counts, default=0) > 1 else "standard deviation over the members"
    ends = f"from {means[0]:.3g} at {values[0]} to {means[-1]:.3g} at {values[-1]}" if found else "no finite values"
    text = f"{name} over {parameter}: {ends}. Each point: {runs} runs; bars: {each}."
    return (
        f'<figure><img alt="{escape(text)}" src="data:image/png;base64,{picture}" width="396" height="286">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )
