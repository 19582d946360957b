"""A chapter cut into slides: its opening and its core sections, one idea on each slide.

Prose is shortened (``slide_text``) and is whole in the speaker's notes. What a cell shows has a slide, together with
the sentence that announces it. A prediction stands alone, so its answer comes on a later slide.
"""

import re
from dataclasses import dataclass, field

from executed_outputs import FIGURE
from exercises import exercises
from minutes import UNTIMED, badge
from notebook_key import Notebook, code_cells, source
from slide_pieces import Piece, of_cell, of_text
from slide_text import inline

ROOM, FULL, NEXT_TO = 400, 520, 160  # pixels of a slide: for text and formulas; for anything; of text next to a picture
PICTURES = {"picture", "figure", "table"}
TYPED = {"code", "printed", "claims"}  # may stand together: what is run, and what it says
ALONE = {"prediction", "museum"}
PROMISE = re.compile(r"^<p><strong>In one sentence:?</strong>:?\s*")
FOR_NOTES = re.compile(r"^<p>(?:<strong>)?(?:You need|Time|Running every cell)\b")


@dataclass
class Section:
    """A part of the chapter under its heading; the first is what stands before the first heading."""

    title: str
    kind: str = ""  # Core, Further or nothing
    minutes: int | None = None
    pieces: list[Piece] = field(default_factory=list)

    @property
    def is_core(self) -> bool:
        return self.kind != "Further" and self.title not in UNTIMED


@dataclass
class Slide:
    section: str
    title: str = ""  # of a part of the section
    is_first: bool = False
    pieces: list[Piece] = field(default_factory=list)

    @property
    def height(self) -> float:
        return sum(piece.height for piece in self.pieces)

    @property
    def is_empty(self) -> bool:
        return all(piece.kind == "notes" for piece in self.pieces)

    def has(self, kinds: set[str]) -> bool:
        return any(piece.kind in kinds for piece in self.pieces)


@dataclass
class Deck:
    title: str
    promise: str  # HTML
    needs: str  # HTML
    slides: list[Slide]
    sections: list[Section]  # of the core
    scripts: list[str]  # of the figures that move


def sections(notebook: Notebook) -> list[Section]:
    """The parts of an executed chapter, as pieces."""
    found = [Section("")]
    for cell in notebook["cells"]:
        is_code = cell["cell_type"] == "code"
        for piece in of_cell(cell, set_up=len(found) == 1) if is_code else of_text(source(cell)):
            if piece.kind == "heading" and piece.notes == "h2":
                found.append(Section(piece.html))
            elif piece.kind == "mark":
                found[-1].kind, found[-1].minutes = badge(piece.html) or ("", None)
            else:
                found[-1].pieces.append(piece)
    return found


def cut(section: Section) -> list[Slide]:
    """The slides of a section."""
    slides = [Slide(section.title, is_first=True)]
    pieces = [piece for piece in section.pieces if piece.kind != "notes"]
    following = dict(zip(map(id, pieces), [*pieces[1:], None], strict=False))
    for piece in section.pieces:
        last = slides[-1]
        if piece.kind == "heading":
            slides.append(Slide(section.title, piece.html))
        elif piece.kind == "notes" or fits(last, piece, following[id(piece)]):
            last.pieces.append(piece)
        else:
            new = Slide(section.title, last.title)
            if belongs(last.pieces[-1], piece) and len(last.pieces) > 1:
                new.pieces.append(last.pieces.pop())
            slides.append(new)
            new.pieces.append(piece)
    return [slide for slide in slides if not slide.is_empty]


def fits(slide: Slide, piece: Piece, following: Piece | None) -> bool:
    """Whether the piece may stand on this slide, below what is there."""
    if slide.is_empty:
        return True
    if piece.kind in ALONE or slide.has(ALONE):
        return False
    if piece.kind in PICTURES:
        most = 60 if piece.kind == "figure" else NEXT_TO  # whose type is small already
        return all(p.kind in {"text", "notes"} for p in slide.pieces) and slide.height <= most
    if slide.has(PICTURES):  # a remark below a picture that has nothing above
        leads_on = following is not None and belongs(piece, following)
        lonely = [p.kind for p in slide.pieces if p.kind != "notes"] == ["picture"]
        return piece.kind == "text" and lonely and piece.height <= NEXT_TO and not leads_on
    if piece.kind in TYPED:
        return slide.height + piece.height <= FULL
    most = FULL if piece.kind == "list" else ROOM
    return not slide.has(TYPED) and slide.height + piece.height <= most


def belongs(piece: Piece, following: Piece) -> bool:
    """Whether a text is said to what follows it, and not to what it follows."""
    if piece.kind != "text" or following.kind in ALONE | {"text", "heading"}:
        return False
    most = max(NEXT_TO, ROOM - following.height) if following.kind in {"formula", "list"} else NEXT_TO
    return piece.height <= most and (piece.announces or following.kind in {"picture", "table"})


def deck(notebook: Notebook) -> Deck:
    """All slides of a chapter, and what its first one says."""
    opening, *others = sections(notebook)
    title = next((piece.html for piece in opening.pieces if piece.kind == "heading"), "")
    pieces = [piece for piece in opening.pieces if piece.kind != "heading"]
    promise = next((piece.html for piece in pieces if PROMISE.match(piece.html)), "")
    needs = [piece for piece in pieces if FOR_NOTES.match(piece.html)]
    rest = [piece for piece in pieces if piece not in needs and piece.html != promise]
    core = [section for section in others if section.is_core]
    slides = [slide for section in [Section("This lecture", pieces=rest), *core] for slide in cut(section)]
    if todo := homework(notebook):
        slides.append(todo)
    said = "".join(piece.notes or piece.html for piece in needs)
    return Deck(title, PROMISE.sub("<p>", promise), said, slides, core, scripts(notebook))


def homework(notebook: Notebook) -> Slide | None:
    found = exercises(notebook)
    points = "".join(
        f'<li value="{one.number}">{inline(one.name)} <span class="band">{one.grade}</span></li>' for one in found
    )
    piece = Piece("text", f"<ol>{points}</ol>", 50 * len(found))
    return Slide("Exercises", is_first=True, pieces=[piece]) if found else None


def scripts(notebook: Notebook) -> list[str]:
    """What gives life to the figures, each once: the library comes first."""
    outputs = (out.get("data", {}) for cell in code_cells(notebook) for out in cell["outputs"])
    html = "".join("".join(data.get("text/html", "")) for data in outputs)
    return [*{found[1]: found[0] for found in FIGURE.finditer(html)}.values()]
