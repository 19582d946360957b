"""What comes of a run, whoever computes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        values: name to the recorded numbers
        claims: in order: claim, value, holds
        trouble: one line that says what went wrong; empty if nothing did
        traceback: where
    """

    values: Mapping[str, Sequence[float]] = field(default_factory=dict)
    claims: Sequence[Mapping[str, Any]] = ()
    trouble: str = ""
    traceback: str = ""

    @classmethod
    def of(cls, error: BaseException, traceback: str) -> "Outcome":
        """That of a run that raised an error.

        Example:
            >>> Outcome.of(ValueError("two\\nlines"), "").trouble
            'ValueError: two lines'
        """
        return cls(trouble=" ".join(f"{type(error).__name__}: {error}".split()), traceback=traceback)
