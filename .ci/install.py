"""Install the pinned packages with pip, and say what is going on: install.py [TORCH [REQUIREMENTS]]

torch comes first, since it is the largest, and its build for the CPU alone is gigabytes smaller than the one for NVIDIA
cards. TORCH says where it comes from:

    auto        on Linux without such a card the CPU build, if it can be had; else what `default` gives
    cpu         the CPU build
    default     the index that pip uses anyway
    an address  https://... or file://..., an index of packages
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CPU = "https://download.pytorch.org/whl/cpu"
REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
DRIVER = Path("/proc/driver/nvidia")
QUICK = ("--timeout", "5", "--retries", "0")
INSTALL = ("install", "--no-compile")  # pip compiles one file after another; make does it on all cores


def pip(*arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run([sys.executable, "-m", "pip", *arguments], text=True, check=False, env=environment, **options)


def needs_no_cuda() -> bool:
    """Linux, where the default index has the build for NVIDIA cards, and no such card."""
    return sys.platform == "linux" and not (shutil.which("nvidia-smi") or DRIVER.exists())


def offers(index: str, version: str) -> bool:
    """Whether the index has this version of torch: one quick look, which may fail."""
    try:
        seen = pip("index", "versions", "torch", "--index-url", index, *QUICK, capture_output=True, timeout=20)
    except subprocess.TimeoutExpired:
        return False
    return bool(re.search(rf"(?<![\w.]){re.escape(version)}(?![\w.])", seen.stdout))


def choices(wanted: str, version: str) -> list[tuple[str, list[str]]]:
    """Where torch may come from, in the order of the attempts: in words, and for pip.

    Raises:
        SystemExit: an unknown wish; says which there are
    """
    # its other dependencies are pinned, and not all of them can be had there
    once = ["--no-deps", "--index-url", CPU, "--retries", "0"]
    small = f"the CPU build, about 200 MB, from {CPU}", [*once, f"torch=={version}+cpu"]
    default = "from the default index; on Linux this is the build for NVIDIA cards, 3 GB", [f"torch=={version}"]
    if "://" in wanted:
        return [(f"from {wanted}", ["--index-url", wanted, f"torch=={version}"])]
    match wanted:
        case "cpu":
            return [small]
        case "default":
            return [default]
        case "auto":
            return [small, default] if needs_no_cuda() and offers(CPU, f"{version}+cpu") else [default]
    sys.exit(f"TORCH must be auto, cpu, default or the address of an index (https://... or file://...), got {wanted!r}")


def install(what: str, *arguments: str | Path) -> bool:
    return done(what, lambda: pip(*INSTALL, *arguments).returncode)


def together(what: str, requirements: list[str]) -> bool:
    """Install requirements that are complete in several processes of pip, a part in each: it uses one core.

    Whatever they stumble over, a single one tries again, and says what the trouble is.
    """
    command = (*INSTALL, "--quiet", "--no-deps")
    count = min(4, os.cpu_count() or 1, len(requirements))

    def work() -> int:
        with ThreadPoolExecutor(count) as pool:
            parts = [requirements[first::count] for first in range(count)]
            ended = [*pool.map(lambda part: pip(*command, *part, capture_output=True).returncode, parts)]
        return any(ended) and pip(*command, *requirements).returncode

    return done(what, work)


def done(what: str, work: Callable[[], int]) -> bool:
    """Say what is going on, and how it ended."""
    print(f"Installing {what} ...", flush=True)
    start = time.monotonic()
    failed = work()
    print(f"  {'FAILED' if failed else 'done'} after {time.monotonic() - start:.0f} s", flush=True)
    return not failed


def main(wanted: str = "auto", requirements: str | Path = REQUIREMENTS) -> None:
    pins = [line for line in Path(requirements).read_text("utf-8").splitlines() if re.match(r"[\w-]+==", line)]
    version = next(line.split()[0].partition("==")[2] for line in pins if line.startswith("torch=="))
    if not any(install(f"torch, {said}", *arguments) for said, arguments in choices(wanted, version)):
        sys.exit(f"torch {version} could not be installed; make TORCH=... chooses another source:\n{__doc__}")
    others = f"the other {len(pins) - 1} packages, about 400 MB, one to three minutes"
    if not together(others, [re.split(r"\s+#", line)[0] for line in pins if not line.startswith("torch==")]):
        sys.exit(f"the packages of {requirements} could not be installed; pip says above why")


if __name__ == "__main__":
    main(*sys.argv[1:])
