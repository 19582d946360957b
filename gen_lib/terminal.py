"""Results reach every terminal: a character that it cannot show becomes a plain one, not an error that loses a run.

And what moves, bars and controls, is made where somebody watches. A notebook that a program runs, such as papermill or
``nbconvert --execute``, would keep it as a widget that is dead when the kernel has ended.
"""

import codecs
import io
import os
import sys
from collections.abc import Iterable
from typing import Any

#: What stands for characters that a terminal may lack; any other one becomes its code, such as ``\\u03c3``.
PLAIN = {"✓": "ok", "✗": "FALSE", "±": "+-", "×": "x", "−": "-", "–": "-", "—": "-", "→": "->", "“": '"', "”": '"'}


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(PLAIN.get(character, character) for character in error.object[error.start : error.end])
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("gen_lib.plainly", _plainly)


def forgive() -> None:
    """From now on printing never fails for a character; a stream that was told how to fail is left as it is."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="gen_lib.plainly")


def say(text: str) -> None:
    """Print a line of results.

    Example:
        >>> say("0.2 ± 0.1")
        0.2 ± 0.1
    """
    forgive()
    print(text, flush=True)


def bar(items: Iterable[Any] | None, progress: bool, **options: Any) -> Any:
    """A progress bar of tqdm, which vanishes at the end.

    Args:
        items: what is walked through, if anything
        progress: show it, where somebody watches and the environment variable ``TQDM_DISABLE`` is not set
        options: those of tqdm
    """
    from tqdm.auto import tqdm  # here, since it asks at once whether this is a notebook

    wanted = progress and not unattended() and os.environ.get("TQDM_DISABLE", "0") in ("", "0")
    return tqdm(items, leave=False, disable=not wanted, **options)


def unattended() -> bool:
    """Whether this is a notebook that a program runs: such a kernel is told that nobody can answer a question."""
    return not getattr(kernel(), "_allow_stdin", True)


def kernel() -> object | None:
    """That of the notebook; a script has none."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None)
