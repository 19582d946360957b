"""The command line, ``gen-lib``: a function is a command, and its arguments are options, also from a YAML file.

Each command is a function of one module here. No module imports torch when it is imported: help and errors come first.
"""

import json
import os
import sys
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
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # where the user's own methods lie
    try:
        auto_cli(
            COMMANDS,
            args=spelled_out(sys.argv[1:] if args is None else args),
            prog="gen-lib",
            description="Generative models: train, keep, compare.",
            as_positional=True,  # evaluate RUN
        )
    except (ValueError, OSError, ArithmeticError) as error:
        print("\n".join([f"gen-lib: {error}", *getattr(error, "__notes__", [])]), file=sys.stderr)
        sys.exit(2 if isinstance(error, SLIPS) else 1)
    except KeyboardInterrupt as error:
        print(f"gen-lib: {error}" if str(error) else "gen-lib: stopped", file=sys.stderr)
        sys.exit(130)
