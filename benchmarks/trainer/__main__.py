"""How fast the page trains: python -m benchmarks.trainer [--rounds 25]

Flow matching with 4 members, batches of 64 and hidden layers of 32, 64, 32 in a headless Chromium: the page's trainer,
TensorFlow.js and jax-js on the same initial weights, pairs and times, in turns and in one run. So the losses after the
same steps have to be equal to the rounding of float32. Then how long a reader waits for W1 <= 0.1 on the line, and how
late the page answers while a worker trains. Takes three minutes.

On the processor each training has one thread; webgl and webgpu are drawn by the processor too where there is no
graphics card, by as many threads as there are cores. `taskset -c 0 python -m benchmarks.trainer` keeps the whole
browser on one core. Compare numbers of one run only. The other libraries come from the registry of npm, into
_build/peers.
"""

import argparse
import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from . import contest, waiting
from .peers import PEERS

sys.path.append(str(Path(__file__).parents[2] / "book" / "_ext"))  # where the book's tools are
from browsing import launched

# WebGPU is drawn by the processor as well; without the flags a headless Chromium has none.
FLAGS = ("--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")


def main(rounds: int) -> None:
    with sync_playwright() as playwright:
        browser = launched(playwright, FLAGS)
        peers = ", ".join(f"{name} {version}" for name, version in PEERS)
        print(f"Chromium {browser.version} on {os.cpu_count()} cores; {peers}")
        for where in contest.TARGETS:
            contest.show(where, contest.contest(browser, where, rounds))
        waiting.show(browser)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25, help="slices of each contender (default: %(default)s)")
    main(parser.parse_args().rounds)
