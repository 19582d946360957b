"""Sphinx, in a copy of this process, which has imported already what takes longer than a small book."""

import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace


def sphinx(root: Path, *words: object) -> SimpleNamespace:
    """Build the pages of a folder into its ``_build/html``; ``returncode``, and the complaints as ``stderr``."""
    from sphinx.application import builtin_extensions
    from sphinx.cmd.build import main

    for name in (*builtin_extensions, "myst_nb"):
        import_module(name)
    said = root / "_build" / "said.txt"
    said.parent.mkdir(exist_ok=True)
    code = in_a_copy(lambda: main([*map(str, words), str(root), str(root / "_build" / "html")]), said)
    return SimpleNamespace(returncode=code, stderr=said.read_text("utf-8"))


def in_a_copy(work: Callable[[], int], said: Path) -> int:
    """Exit status of some work; what it says to standard error is in a file."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            warnings.simplefilter("ignore")  # here they would be errors
            sys.stdout, sys.stderr = open(os.devnull, "w"), open(said, "w", encoding="utf-8")  # noqa: SIM115
            code = work()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
