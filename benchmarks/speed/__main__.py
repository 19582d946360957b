"""How fast: python -m benchmarks.speed [--only SECTION ...] [--quick] [--output FILE]

The library next to a classic loop, JAX, TorchCFM and flow_matching, all in one run on one thread. `make bench` installs
the others, runs all sections and writes benchmarks/results.json, which the page book/how_fast.md shows. Times are of
the fastest of several rounds in turns, cut into short chunks; compare them within one run only.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from . import building, derivative, solving, training
from .contest import contest

ROOT = Path(__file__).parents[2]
PEERS = {"jax": "jax", "optax": "optax", "torchcfm": "torchcfm", "flow_matching": "flow_matching"}
NEED_PEERS = {"step", "plane", "level", "sampling", "likelihood"}
INSTALL = "pip install --no-deps --target .venv/peers --requirement benchmarks/requirements.txt"

SECTIONS = {
    section.__name__: section
    for section in (
        training.step,
        training.plane,
        training.level,
        training.growth,
        derivative.derivative,
        solving.sampling,
        solving.likelihood,
        solving.pairs,
        building.chapters,
        building.pages,
    )
}


def require_peers() -> None:
    if missing := [name for name in PEERS if find_spec(name) is None]:
        sys.exit(f"no {', '.join(missing)}: run make bench, or first\n{INSTALL}\nand then with PYTHONPATH=.venv/peers")


def machine() -> dict[str, str]:
    """Where and with what the numbers were measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    packages = {name: version(name) for name in ("torch", "numpy", "scipy", "pot", *PEERS)}
    return {
        "processor": f"{(models or [platform.processor() or platform.machine()])[0]}, one of {os.cpu_count()} cores",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {number}" for name, number in packages.items()),
        "commit": commit or "unknown",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def rounded(value: Any) -> Any:
    """Three digits are more than a disturbed machine can repeat."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def shown(value: Any) -> str:
    if isinstance(value, list):
        return " ± ".join(map(shown, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def display(title: str, rows: list[dict[str, Any]]) -> None:
    lines = [list(rows[0]), *([shown(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(), flush=True)


def measured(section: Any, *arguments: Any) -> dict[str, Any]:
    found = {"title": " ".join(section.__doc__.split()), "rows": rounded(section(*arguments))}
    display(f"{section.__name__}: {found['title']}", found["rows"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--output", type=Path, help="write all sections of this run there")
    given = parser.parse_args()
    chosen = given.only or list(SECTIONS)
    if given.output and set(chosen) != set(SECTIONS):
        parser.error("--output needs all sections: numbers of different runs cannot be compared")
    if NEED_PEERS & set(chosen):
        require_peers()
    if hasattr(os, "sched_setaffinity"):  # before JAX starts its threads: what it uses cannot be set otherwise
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    torch.set_num_threads(1)
    here = machine() if set(chosen) == set(SECTIONS) else {}
    sections = {name: measured(SECTIONS[name], given.quick) for name in chosen}
    if set(chosen) == set(SECTIONS):
        rows = {name: section["rows"] for name, section in sections.items()}
        results = {"machine": here, "sections": {"contest": measured(contest, rows), **sections}}
        if given.output:
            given.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
            print(f"\nwritten to {given.output}; make book shows it on the page 'How fast'")


if __name__ == "__main__":
    main()
