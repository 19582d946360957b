"""What a sweep runs, and what comes of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


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


@runtime_checkable
class Job(Protocol):
    """What a sweep runs: a notebook, a training. It is sent to other processes by pickle.

    Attributes:
        base: name to what all runs share and no parameter says, such as a hash of the code; JSON. It must not change
        parameters: name to value of all parameters that could be swept, as they are if they are not
    """

    base: dict[str, Any]
    parameters: dict[str, Any]

    def check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The swept parameters with their types; a ValueError, before anything starts, says what they cannot be."""

    def begin(self, folder: Path) -> None:
        """Put into the folder of the sweep what the runs need; called once by each sweep, before its first run."""

    def together(self, points: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        """Which of the points one call of :meth:`run` takes, such as seeds that are members of one net: their places.

        The results must not depend on it.
        """

    def run(self, points: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> Sequence[Outcome]:
        """Compute the points, given with all parameters; leave files in the folder of each, which is there and empty.

        An error that is raised becomes the trouble of all of them.
        """


@dataclass(frozen=True)
class Task:
    """Some runs that are computed together.

    Attributes:
        job: what is run
        numbers: of the runs
        points: their parameters
        folder: of the sweep
    """

    job: Job
    numbers: Sequence[int]
    points: Sequence[Mapping[str, Any]]
    folder: Path
