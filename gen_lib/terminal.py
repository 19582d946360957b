"""Results reach every terminal: a character that it cannot show becomes a plain one, not an error that loses a run."""

import codecs
import io
import sys

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
