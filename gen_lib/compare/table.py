"""The comparison as one table, for a page or a notebook, or for a terminal."""

from html import escape

from torch import Tensor

from .run import Comparison

# In the cells themselves, so that the table looks the same in the book, in Jupyter and in Colab.
CELL = "padding: 0.2rem 0.45rem; white-space: nowrap; text-align: "


def table(comparison: Comparison, caption: str) -> str:
    """Quality, cost and time of every method, as an HTML table.

    Distances are means over members ± one standard deviation; the last row is their floor, what perfect samples score.

    Args:
        comparison: one row per method
        caption: says what was compared

    Returns:
        a ``<table>`` with a caption, and headers of rows and columns

    Example:
        >>> from gen_lib import data
        >>> from gen_lib.compare import compare
        >>> few = compare(["vae"], data.mixture_1d(), epochs=1, steps_per_epoch=5, members=(2,), progress=False)
        >>> [part in table(few, "on the line") for part in ("on the line</caption>", "vae", "W1", "seconds")]
        [True, True, True, True]
    """
    first, *others = _cells(comparison)
    head, body = _row("th", first, "col"), [_row("td", texts) for texts in others]
    title = f'<caption style="caption-side: top; color: inherit; text-align: left">{escape(caption)}</caption>'
    # The class is that of tables by pandas, for which every place has colours.
    return (
        f'<table class="dataframe" style="margin: 1rem 0; font-size: 0.9em">{title}<thead>{head}</thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def text(comparison: Comparison) -> str:
    """The same rows as :func:`table`, in columns of a terminal.

    Args:
        comparison: one row per method

    Returns:
        lines of equal width, without a caption
    """
    rows = _cells(comparison)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *line[1:]]) for row, line in zip(rows, lines, strict=True))


def _cells(comparison: Comparison) -> list[list[str]]:
    """The header, a row per method, and the floor."""
    names = list(dict.fromkeys(name for run in comparison.runs.values() for name in run.distances))
    rows = [["method", *names, "evaluations", "steps", "seconds"]]
    for method, run in comparison.runs.items():
        measured = [_spread(run.distances[name].value) for name in names]
        rows.append([method, *measured, str(run.evaluations), str(run.steps), f"{run.seconds:.1f}"])
    for run in list(comparison.runs.values())[:1]:
        rows.append(["perfect samples", *(_spread(run.distances[name].floor) for name in names), "", "", ""])
    return rows


def _row(cell: str, texts: list[str], scope: str = "row") -> str:
    """The first cell is the header of its row, or of its column."""
    first, *others = map(escape, texts)
    of_column = ' scope="col"' if cell == "th" else ""
    rest = "".join(f'<{cell}{of_column} style="{CELL}right">{text}</{cell}>' for text in others)
    return f'<tr><th scope="{scope}" style="{CELL}left">{first}</th>{rest}</tr>'


def _spread(values: Tensor) -> str:
    return f"{values.mean():.3f}" + (f" ± {values.std():.3f}" if values.numel() > 1 else "")
