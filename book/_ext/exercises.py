"""The exercises of a chapter: **3. Name.** (medium), and where the solution is."""

import re
from dataclasses import dataclass

from notebook_key import Notebook, source

GRADES = ("easy", "medium", "hard")
EXERCISE = re.compile(rf"^\*\*(\d+)\. (.+?)\.?\*\*(?: \(({'|'.join(GRADES)})\))?", re.MULTILINE)
SECTION = re.compile(r"^## Exercises$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SHOWN = "<summary>Solution</summary>"
HIDDEN = "*(Solution in the lecturer's file.)*"


@dataclass(frozen=True)
class Exercise:
    number: int
    name: str
    grade: str  # or nothing
    text: str  # up to the next one, with its solution

    @property
    def is_shown(self) -> bool:
        """The solution is folded below the exercise."""
        return SHOWN in self.text

    @property
    def is_hidden(self) -> bool:
        """The solution is in teaching/solutions."""
        return self.text.endswith(HIDDEN)


def exercises(notebook: Notebook) -> list[Exercise]:
    prose = "\n\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    section = SECTION.search(prose)
    if not section:
        return []
    heads = [*EXERCISE.finditer(section[1])]
    ends = [*(head.start() for head in heads[1:]), len(section[1])]
    return [
        Exercise(int(head[1]), head[2], head[3] or "", section[1][head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    ]
