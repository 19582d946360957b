"""The command line, ``gen-lib``: a function is a command, and its arguments are options, also from a YAML file.

Each command is a function of one module here. No module imports torch when it is imported: help and errors come first.
"""

import errno
import json
import os
import re
import signal
import sys
import traceback
from collections import deque
from collections.abc import Sequence
from typing import Any

from jsonargparse import auto_cli

from .. import terminal
from .compare import compare
from .notebooks import report, run, sweep
from .runs import evaluate, latents, listed, samples, train

COMMANDS: dict[str, Any] = {
    "train": train,
    "evaluate": evaluate,
    "samples": samples,
    "latents": latents,
    "list": listed,
    "compare": compare,
    "run": run,
    "sweep": sweep,
    "report": report,
}
SHORT = {"-n": "--n", "-p": "--parameters", "-f": "--file", "-o": "--out"}
SEVERAL = ("--parameters", "--grid")  # given as often as needed
SWITCHES = ("--force", "--help_notebook", "--again", "--trust", "--overwrite")  # true if nothing follows

#: What the user can put right; the exit status is then 2, as for an option that does not exist, and 1 for a failure.
SLIPS = (ValueError, FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


def spelled_out(args: Sequence[str]) -> list[str]:
    """The words of a command line as jsonargparse reads them: long names, one list of what is given several times.

    Example:
        >>> spelled_out(["run", "x.ipynb", "-p", "beta=4", "-p", "seed=1", "--force"])
        ['run', 'x.ipynb', '--force=true', '--parameters=["beta=4", "seed=1"]']
    """
    words, several = list[str](), dict[str, list[str]]()
    rest = deque(SHORT.get(word, word) for word in args)
    while rest:
        word = rest.popleft().replace("--help-notebook", "--help_notebook")
        name, equals, value = word.partition("=")
        if name in SEVERAL and (equals or rest):
            several.setdefault(name, []).append(value if equals else rest.popleft())
        elif word in SWITCHES and (not rest or rest[0] not in ("true", "false")):
            words.append(f"{word}=true")
        else:
            words.append(word)
    return words + [f"{name}={json.dumps(values)}" for name, values in several.items()]


def main(args: list[str] | None = None) -> None:
    """Run a command; an error of the user's is one line, without a traceback.

    Args:
        args: as on the command line, which they are if not given
    """
    terminal.forgive()
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # the end of a job's time, as Ctrl-C
    except ValueError:  # not in the main thread: nobody can ask
        before = None
    try:
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())  # where the user's own methods lie
        words = spelled_out(sys.argv[1:] if args is None else args)
        named = {name: command for name, command in COMMANDS.items() if words[:1] == [name]}
        auto_cli(
            named or COMMANDS,  # to make the options of all takes several times as long
            args=words,
            prog="gen-lib",
            description="Generative models: train, keep, compare.",
            as_positional=True,  # evaluate RUN
            allow_abbrev=False,  # a slip is not a shorter name
        )
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough, as in gen-lib list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt as error:
        print(f"gen-lib: {error}" if str(error) else "gen-lib: stopped", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        print("\n".join([f"gen-lib: {_said(error)}", *getattr(error, "__notes__", [])]), file=sys.stderr)
        slip = isinstance(error, SLIPS) or getattr(error, "errno", None) in (errno.ENAMETOOLONG, errno.ELOOP)
        sys.exit(2 if slip else 1)
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _said(error: Exception) -> str:
    """What an error says; one that the library does not know of, such as of the user's own code, also where it was."""
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and re.search("alloc|Storage size", str(error))
    ):
        first, *_ = str(error).splitlines() or [""]
        return f"more memory is needed than there is: fewer points, members or steps, or a smaller net. {first}"
    if isinstance(error, ValueError | OSError | ArithmeticError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    first, *_ = [*str(error).splitlines(), ""]
    return f"{type(error).__name__} in {last.name}, line {last.lineno} of {last.filename}: {first}"
