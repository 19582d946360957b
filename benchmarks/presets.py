"""The preset ``fast`` next to the preset ``classic``: quality and time of every method, in one run.

python -m benchmarks.presets [members]
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

import torch

from gen_lib.runs import Settings, evaluate, load, start
from gen_lib.runs.folder import DONE, told_in
from gen_lib.slips import METHOD_NAMES

COMPARED: tuple[Literal["classic", "fast"], ...] = ("classic", "fast")


def main(members: int = 8) -> None:
    """A line per method: W1 to the mixture (mean and standard deviation over members) and seconds, for both presets."""
    torch.set_num_threads(1)
    total = dict.fromkeys(map(str, COMPARED), 0.0)
    print(f"{'method':10} {'classic: W1':>16} {'s':>6} {'fast: W1':>16} {'s':>6}  time")
    with tempfile.TemporaryDirectory() as folder:
        for method in METHOD_NAMES:
            cells, seconds = [], []
            for preset in COMPARED:
                wishes = Settings(method=method, data="mixture_1d", preset=preset, members=members)
                run = start(wishes, Path(folder), progress=False, say=lambda line: None)
                w1 = evaluate(load(run.path))["W1"]
                seconds.append(told_in(run, DONE)["seconds"])
                total[preset] += seconds[-1]
                spread = f"{w1.std():.3f}" if w1.numel() > 1 else "-"
                cells.append(f"{w1.mean():8.3f} ± {spread} {seconds[-1]:6.1f}")
            print(f"{method:10} {' '.join(cells)}  1/{seconds[0] / seconds[1]:.0f}", flush=True)
    print("all" + "".join(f"  {name}: {value:.1f} s" for name, value in total.items()))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
