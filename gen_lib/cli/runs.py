"""``gen-lib train``, ``evaluate``, ``samples`` and ``list``: runs that are kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from .. import slips
from ..runs.settings import Settings, resolved
from ..slips import METHOD_NAMES, brief, known, whole

RUNS = Path("runs")
MOST_THREADS = 1024  # with many more OpenMP crashes


def train(
    runs: Path = RUNS,
    resume: str | None = None,
    again: bool = False,
    save_every: float = 10.0,
    threads: int | None = None,
    **settings: Any,
) -> None:
    """Train a method and keep the results, or resume a stopped run.

    A run that is done is found again by its settings and not repeated; one that was stopped goes on.

    Args:
        runs: folder of all runs
        resume: go on with this run: a path, a date and time, method-data, or latest; your own code is named again
        again: repeat a run that is done
        save_every: seconds between two states that are kept
        threads: number of CPU threads (GEN_LIB_THREADS, or 1: small nets run fastest on one)
        settings: what the run is made of
    """
    computing = slips.threads() if threads is None else whole("threads", threads, least=1)
    if computing > MOST_THREADS:
        raise ValueError(f"threads must be at most {MOST_THREADS}, got {computing}")
    wishes = Settings(**settings)
    names = METHOD_NAMES if wishes.method == "all" else (wishes.method,)
    if resume is not None and wishes.method == "all":
        raise ValueError("resume is for one run, not for method all: leave it out, runs that were stopped go on")
    if resume is None:
        for name in names:
            resolved(replace(wishes, method=name))
    if save_every < 0:
        raise ValueError(f"save_every must be at least 0 seconds, got {save_every:g}")
    import torch  # here, since a slip must not wait for it

    from ..runs.starting import start

    torch.set_num_threads(computing)
    for name in names:
        start(replace(wishes, method=name), runs, resume=resume, again=again, save_every=save_every)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """How a command looks at a run.

    Args:
        which: weights of the best validation, or the last ones
        runs: folder of all runs
        seed: of what is drawn
        trust: import the code outside the library that the run names
    """

    which: Literal["best", "last"] = "best"
    runs: Path = RUNS
    seed: int = 0
    trust: bool = False

    def load(self, run: str) -> Any:
        """A run in memory."""
        whole("seed", self.seed, least=0)
        from ..runs import load

        return load(run, which=self.which, runs=self.runs, trust=self.trust)


def evaluate(run: str, split: Literal["train", "validation", "test"] = "test", **chosen: Any) -> None:
    """Measure a run on a split of its data.

    Args:
        run: a path, a date and time, method-data, or latest
        split: train, validation or test
        chosen: how it is looked at
    """
    how = Chosen(**chosen)
    loaded = how.load(run)
    from ..runs import evaluation

    found = evaluation.evaluate(loaded, split, how.seed)
    kept = loaded.folder.keep(f"evaluation-{split}-{how.which}.json", evaluation.as_json(found))
    print(f"{loaded.folder}, {how.which} weights, {split} data\n{evaluation.as_text(found)}\nin {kept}")


def samples(run: str, n: int = 100, **chosen: Any) -> None:
    """Draw samples of a run: a picture, and the numbers as safetensors.

    Args:
        run: a path, a date and time, method-data, or latest
        n: number of samples per member
        chosen: how it is looked at
    """
    whole("n", n, least=1)
    how = Chosen(**chosen)
    loaded = how.load(run)
    from torch import Generator

    from ..runs import files, pictures

    made = loaded.method.sample(loaded.net, n, Generator().manual_seed(how.seed))
    path = loaded.folder.path / "samples.safetensors"
    files.save_weights(path, {"samples": made}, {"seed": str(how.seed), "which": how.which})
    print(f"{pictures.samples(loaded, n, how.seed)}\n{path}, samples of shape {tuple(made.shape)}")


def latents(
    run: str, split: Literal["train", "validation", "test"] = "test", walk: str | None = None, **chosen: Any
) -> None:
    """Draw the codes of a run: t-SNE, a plane by class, copies, a grid, walks between two classes and two images.

    Args:
        run: a path, a date and time, method-data, or latest
        split: whose points are encoded: train, validation or test
        walk: two classes, such as 3,7; the first and the last if not given
        chosen: how it is looked at
    """
    ends = tuple(name.strip() for name in (walk or "").strip("[]").split(","))
    if walk is not None and len(ends) != 2:
        raise ValueError(f"walk must name two classes, such as 3,7, got {brief(walk)}")
    how = Chosen(**chosen)
    loaded = how.load(run)
    from ..runs import pictures

    for path in pictures.latents(loaded, split, (ends[0], ends[1]) if walk else None, how.seed):
        print(path)


def listed(runs: Path = RUNS, status: str | None = None) -> None:
    """List the runs, from the first to the last that was begun.

    Args:
        runs: folder of all runs
        status: only those that are done, failed, running or unfinished
    """
    if status is not None:
        known("status", status, dict.fromkeys(("done", "failed", "running", "unfinished")))
    if runs.exists() and not runs.is_dir():
        raise NotADirectoryError(f"runs must be a folder of runs, {runs} is a file")
    from ..runs.folder import DONE, found, told_in

    for folder in found(runs):
        if status in (None, now := folder.status):
            told = told_in(folder, DONE) if now == "done" else {}
            seconds, scores = told.get("seconds"), told.get("best_score")
            words = [f"{seconds:g} s"] if isinstance(seconds, float | int) else []
            words += [f"{v:.4g}" for v in scores[:4] if isinstance(v, float | int)] if isinstance(scores, list) else []
            print("  ".join([now.ljust(10), str(folder), *words]))
