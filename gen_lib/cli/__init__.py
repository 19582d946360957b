"""The command line, ``gen-lib``: a function is a command, and its arguments are options, also from a YAML file.

Each command is a function of one module here. No module imports torch when it is imported: help and errors come first.
"""

import os
import sys
from typing import Any

from jsonargparse import auto_cli

from .. import terminal
from .compare import compare
from .runs import evaluate, listed, samples, train

COMMANDS: dict[str, Any] = {
    "train": train,
    "evaluate": evaluate,
    "samples": samples,
    "list": listed,
    "compare": compare,
}
SHORT = {"-n": "--n"}

#: What the user can put right; the exit status is then 2, as for an option that does not exist, and 1 for a failure.
SLIPS = (ValueError, FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


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
            args=[SHORT.get(word, word) for word in (sys.argv[1:] if args is None else args)],
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
