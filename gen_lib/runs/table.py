"""The table of a sweep: a row for each run that has ended, in CSV for people and in parquet for programs.

It is made from the folders of the runs, which are the truth; rows are added while they end, and it can be made again.
"""

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import mean, stdev
from typing import Any

CSV, PARQUET = "table.csv", "table.parquet"
ALWAYS = ("run", "status", "seconds", "claims", "claims_hold", "claims_false", "trouble", "traceback")
AT_ONCE = 1000  # rows in memory

Result = Mapping[str, Any]
Results = Callable[[Path], Iterable[Result]]


def flat(result: Result) -> dict[str, Any]:
    """The row of a run.

    A recorded name of several values has three columns: their mean, ``_std`` and ``_values``. One that another column
    has already gets ``recorded`` before it, and so does what belongs to it.

    Args:
        result: as the folder of the run holds it

    Example:
        >>> result = {"run": 0, "parameters": {"beta": 4.0}, "status": "done", "seconds": 1.5, "claims": []}
        >>> row = flat(result | {"values": {"W1": [1.0, 3.0]}, "trouble": "", "traceback": ""})
        >>> row["beta"], row["W1"], round(row["W1_std"], 3), row["W1_values"]
        (4.0, 2.0, 1.414, [1.0, 3.0])
    """
    claims = result["claims"]
    parameters = {of_parameter(name): value for name, value in result["parameters"].items()}
    row = {"run": result["run"], **parameters, "status": result["status"], "seconds": result["seconds"]}
    for name, values in result["values"].items():
        column = name
        while {column, f"{column}_std", f"{column}_values"} & {*row, *ALWAYS}:
            column = f"recorded {column}"
        row[column], spread = mean_and_spread(values)
        if len(values) > 1:
            row[f"{column}_std"] = spread
            row[f"{column}_values"] = list(values)
    row["claims"], row["claims_hold"] = len(claims), sum(claim["holds"] for claim in claims)
    row["claims_false"] = "; ".join(claim["claim"] for claim in claims if not claim["holds"])
    row |= {"trouble": result["trouble"], "traceback": result["traceback"]}
    return {_writable(name): _writable(value) for name, value in row.items()}


def of_parameter(name: str) -> str:
    """The column of a parameter; one that has the name of a column that every table has keeps its values, too.

    Example:
        >>> of_parameter("beta"), of_parameter("seconds")
        ('beta', 'parameter seconds')
    """
    return f"parameter {name}" if name in ALWAYS else name


def _writable(value: Any) -> Any:
    """A text may hold half characters, such as of a file's name in an error, which no file takes."""
    return value.encode("utf8", "backslashreplace").decode("utf8") if isinstance(value, str) else value


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation; a run may record any numbers, infinite ones and the largest there are, too.

    Args:
        values: at least one

    Example:
        >>> mean_and_spread([1.0, 3.0]), mean_and_spread([float("inf"), float("-inf")]), mean_and_spread([1e308] * 2)
        ((2.0, 1.4142135623730951), (nan, nan), (1e+308, 0.0))
    """
    center = float(values[0] if len(values) == 1 else mean(map(float, values)))
    if len(values) == 1 or not math.isfinite(center):
        return center, math.nan
    try:
        return center, stdev(values)
    except OverflowError:
        return center, math.inf


class Columns:
    """The columns of all rows, in the order: number, parameters, status, seconds, recorded, claims, trouble."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]):
        self.kinds: dict[str, set[type]] = {}
        for row in rows:
            for name, value in row.items():
                self.kinds.setdefault(name, set()).add(_kind(value))
        last = [name for name in ALWAYS if name in self.kinds and name.startswith(("claims", "tr"))]
        self.names = [name for name in self.kinds if name not in last] + last if self.kinds else list(ALWAYS)

    def schema(self) -> Any:
        """The types of the columns for parquet; what is of several types becomes text."""
        import pyarrow as pa

        types = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string(), list: pa.list_(pa.float64())}
        fields = []
        for name in self.names:
            kinds = self.kinds.get(name, set()) - {type(None)}
            if kinds == {int, float}:
                kinds = {float}
            fields.append(pa.field(name, types[kinds.pop()] if len(kinds) == 1 else pa.string()))
        return pa.schema(fields)


def _kind(value: Any) -> type:
    """The type of a column that holds it: what parquet has no type for becomes text."""
    if isinstance(value, list):
        return list if all(isinstance(one, int | float) for one in value) else str
    large = isinstance(value, int) and abs(value) >= 1 << 63
    return str if large or isinstance(value, dict) else type(value)


def write(folder: Path, results: Results) -> None:
    """Write the table of all runs that have ended, as a whole, in the order of their numbers.

    The runs are read twice, a number of them at a time, so a table may be larger than the memory.

    Args:
        folder: of the sweep
        results: reads the runs that have ended from it
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = Columns(map(flat, results(folder)))
    schema = columns.schema()
    texts, binary = (folder / f".{name}.half" for name in (CSV, PARQUET))
    try:
        with open(texts, "w", newline="", encoding="utf8") as file, pq.ParquetWriter(binary, schema) as parquet:
            out = csv.writer(file)
            out.writerow(columns.names)
            rest = map(flat, results(folder))
            while rows := [*islice(rest, AT_ONCE)]:
                out.writerows(_cells(row, columns.names) for row in rows)
                fitting = [{field.name: _typed(row.get(field.name), field.type) for field in schema} for row in rows]
                parquet.write_table(pa.Table.from_pylist(fitting, schema))
        os.replace(texts, folder / CSV)
        os.replace(binary, folder / PARQUET)
    finally:
        texts.unlink(missing_ok=True)
        binary.unlink(missing_ok=True)


def _typed(value: Any, kind: Any) -> Any:
    """A column of several types holds texts, and one of whole and other numbers holds the latter."""
    if value is None or str(kind) != "string" or isinstance(value, str):
        return float(value) if str(kind) == "double" and value is not None else value
    return json.dumps(value)


def _cells(row: Mapping[str, Any], names: Iterable[str]) -> Iterator[Any]:
    for name in names:
        value = row.get(name)
        yield " ".join(map(repr, value)) if isinstance(value, list) else value


class Live:
    """The CSV while runs end: a row for each, at once.

    A row with new columns makes the table anew, but only when it has doubled since: rows cost the same, however many
    there are. Until then new columns wait.

    Args:
        folder: of the sweep
        results: reads the runs that have ended from it
    """

    def __init__(self, folder: Path, results: Results):
        self.folder, self.results = folder, results
        self.rows = 0
        self.ahead: set[str] = set()
        self._anew()
        self.ahead.clear()

    def add(self, result: Result) -> None:
        """Add the row of a run whose folder is there."""
        row = flat(result)
        self.rows += 1
        if str(row["run"]) in self.ahead:
            self.ahead.remove(str(row["run"]))
            return
        if self.rows >= self.next and {*row} - {*self.names}:
            self._anew()
            self.ahead.discard(str(row["run"]))
            return
        with open(self.folder / CSV, "a", newline="", encoding="utf8") as file:
            csv.writer(file).writerow(_cells(row, self.names))

    def _anew(self) -> None:
        """Write it from the runs; those that have ended and were not added yet are ahead."""
        before = self._runs() if self.rows else set()
        write(self.folder, self.results)
        with open(self.folder / CSV, newline="", encoding="utf8") as file:
            self.names = next(csv.reader(file))
        self.ahead |= self._runs() - before
        self.next = 2 * self.rows

    def _runs(self) -> set[str]:
        usual = csv.field_size_limit(1 << 30)  # ten thousand recorded numbers, or a traceback, may be longer
        try:
            with open(self.folder / CSV, newline="", encoding="utf8") as file:
                return {row["run"] for row in csv.DictReader(file)}
        finally:
            csv.field_size_limit(usual)
