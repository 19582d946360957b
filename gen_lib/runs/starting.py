"""From wishes to a finished run: made, found again, or taken up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import pictures
from .devices import place
from .folder import ENVIRONMENT, Folder, code, find, found, made, named, told_in
from .loading import load
from .prepared import Prepared
from .settings import ELSEWHERE, Settings, differences, identity, is_image_data, own_code, resolved
from .training import finish, train


def start(
    wishes: Settings,
    root: Path,
    *,
    resume: str | None = None,
    again: bool = False,
    save_every: float = 10.0,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> Folder:
    """Train a run, or find the one that has these settings.

    Args:
        wishes: what was given
        root: folder of all runs
        resume: go on with this run; wishes may then only repeat what it has
        again: make a new run, whatever is there
        save_every: seconds between two states that are kept
        progress: show a bar
        say: told what is done

    Returns:
        the folder of the run, which is done

    Raises:
        ValueError: settings that cannot be, or are not those of the run to resume
        OSError: no such run, nothing can be written
        gen_lib.runs.training.Stopped: interrupted; all is kept
        gen_lib.train.record.NotFinite: the run failed
    """
    if wishes.data is not None and is_image_data(wishes.data) and not wishes.data.startswith("hub:"):
        wishes = replace(wishes, data=_absolute(wishes.data))
    settings, folder = _wanted(wishes, root, resume, again)
    if folder is not None and folder.done:
        other = "" if told_in(folder, ENVIRONMENT).get("code") == code() else ", by another version of the code"
        say(f"{folder} has these settings and is done{other}: nothing to do (--again repeats it)")
        return folder
    here = place(settings)
    prepared = Prepared(settings, here, progress)
    if here.rank == 0:
        folder = _ready(prepared, folder, root, say)
    folder = here.agreed(folder)
    assert folder is not None
    look = pictures.snapshots(folder, prepared) if settings.snapshots and here.rank == 0 else None
    history = train(folder, prepared, save_every=save_every, progress=progress, look=look)
    if here.rank == 0:
        run = load(folder.path, trust=True)  # the user has named the code in this very call
        for draw in (pictures.samples, pictures.maps, pictures.curves):
            draw(run)
        finish(folder, history)
        say(f"done in {history.seconds:.1f} s")
        for file in sorted(folder.path.glob("[!.]*")):
            say(f"  {file.name}: " + (f"{file.stat().st_size:,} bytes" if file.is_file() else "a picture a validation"))
    return folder


def _absolute(data: str) -> str:
    """The same folder from wherever it is named; ``digits`` is none."""
    return data if data == "digits" else str(Path(data).expanduser().resolve())


def _wanted(wishes: Settings, root: Path, resume: str | None, again: bool) -> tuple[Settings, Folder | None]:
    """All settings, and the run that has them, if there is one."""
    if resume is None:
        settings = resolved(wishes)
        return settings, None if again else _same(root, settings)
    folder = find(resume, root, argument="resume")
    if others := differences(folder.settings, wishes):
        raise ValueError(f"resume {resume!r} must keep the settings of {folder}: {'; '.join(others)}")
    if unnamed := {*own_code(folder.settings)} - {*own_code(wishes)}:
        raise ValueError(f"{folder} names code outside the library, {sorted(unnamed)[0]}: name it here, too")
    return replace(folder.settings, **{n: v for n, v in wishes.given().items() if n in ELSEWHERE}), folder


def _ready(prepared: Prepared, folder: Folder | None, root: Path, say: Callable[[str], None]) -> Folder:
    """The folder to work in, and a few words about what is done in it."""
    settings, training, net = prepared.settings, prepared.training, prepared.net
    processes = f" in {prepared.place.count} processes" if prepared.place.count > 1 else ""
    where = f" on {prepared.place.device}{processes}"
    say(f"{settings.method} on {settings.data}: {training.steps:,} steps of {training.batch}{where}")
    for name, part in net.named_children():
        say(f"  {name}: {sum(p.numel() for p in part.parameters()):,} weights, {type(part).__name__}")
    if folder is None:
        folder = made(root, settings, {"dim": prepared.source.dim, "shape": prepared.source.shape})
        say(f"in {folder}")
    else:
        say(f"going on with {folder}")
    return folder


def _same(root: Path, settings: Settings) -> Folder | None:
    """The latest run with these settings that is done, or else could still be."""
    wanted = identity(settings)
    same = [
        folder
        for folder in found(root)
        if folder.path.parent.name == named(settings) and told_in(folder, ENVIRONMENT).get("settings") == wanted
    ]
    done = [folder for folder in same if folder.done]
    open_ones = [folder for folder in same if folder.status in ("unfinished", "running")]
    return (done or open_ones or [None])[-1]  # type: ignore[list-item]
