"""What every chapter has: a frame that a reader can rely on, and minutes that agree with its contents."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from minutes import MOST, core, everything, sections
from notebook_key import read, source, tags

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.stem: read(path) for path in sorted(ROOT.glob("notebooks/*.ipynb"))}
EXERCISE = re.compile(r"^\*\*(\d+)\. [^*]+\*\* ?(.*)", re.MULTILINE)
LECTURER = "*(Solution in the lecturer's file.)*"

each_chapter = pytest.mark.parametrize("name", NOTEBOOKS)


def texts(name):
    return [source(cell) for cell in NOTEBOOKS[name]["cells"] if cell["cell_type"] == "markdown"]


def section(name, title):
    """The text of a section without its heading and badge."""
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", "\n\n".join(texts(name)), re.MULTILINE | re.DOTALL)
    return re.sub(r"^\s*\*(Core|Further) · \d+ minutes?\*\n", "", found).strip()


def exercises(name):
    """The number, the first line after the name, and the text of each exercise."""
    text = section(name, "Exercises")
    starts = [*EXERCISE.finditer(text)]
    ends = [*(start.start() for start in starts[1:]), len(text)]
    return [(int(one[1]), one[2], text[one.start() : end]) for one, end in zip(starts, ends, strict=True)]


@each_chapter
def test_a_chapter_says_at_once_what_it_gives_and_needs(name):
    opening = source(NOTEBOOKS[name]["cells"][0])
    parts = ["**In one sentence:** ", "**After this chapter you can**", "**You need** ", "**Time:** "]
    assert [part for part in parts if opening.count(f"\n{part}") != 1] == []
    assert sorted(parts, key=opening.index) == parts
    goals = re.findall(r"^- ", opening.partition(parts[1])[2].partition(parts[2])[0], re.MULTILINE)
    assert 3 <= len(goals) <= 4


@each_chapter
def test_minutes_are_those_of_the_estimate(name):
    found = [part for part in sections(NOTEBOOKS[name])[1:] if part.is_timed]
    assert [part.title for part in found if not part.kind] == []
    wrong = {part.title: (part.written, part.minutes) for part in found if abs(part.written - part.minutes) > 1}
    assert wrong == {}


@each_chapter
def test_the_core_is_one_lecture_and_the_opening_says_so(name):
    found = sections(NOTEBOOKS[name])
    assert core(found) <= MOST
    time = source(NOTEBOOKS[name]["cells"][0]).partition("**Time:**")[2]
    written = re.search(r"core is one lecture of about (\d+) minutes, everything about (\d+)", time)
    assert written, "the opening says how long the core and everything take"
    for told, summed in zip(map(int, written.groups()), (core(found), everything(found)), strict=True):
        assert told == summed  # as the map of the cover and the page for lecturers say


@each_chapter
def test_a_chapter_ends_with_what_remains_and_who_found_it(name):
    titles = [part.title for part in sections(NOTEBOOKS[name])]
    assert titles[-4:] == ["What to remember", "A little history", "Exercises", "References"]
    kinds = {part.title: part.kind for part in sections(NOTEBOOKS[name])}
    assert (kinds["What to remember"], kinds["A little history"]) == ("Core", "Further")
    kept = section(name, "What to remember")
    items = re.findall(r"^(?:- |\d+\. )", kept, re.MULTILINE) or re.findall(r"[.!?](?=\s+[A-Z*$`]|$)", kept)
    assert 3 <= len(items) <= 5
    assert 80 <= len(section(name, "A little history").split()) <= 400
    assert re.search(r"\]\(", section(name, "References"))


@each_chapter
def test_exercises_are_graded_and_solved_here_or_by_the_lecturer(name):
    found = exercises(name)
    assert [number for number, *_ in found] == [*range(1, len(found) + 1)]
    assert [number for number, rest, _ in found if not re.match(r"\((easy|medium|hard)\)", rest)] == []
    hidden = [number for number, _, text in found if LECTURER in text]
    folded = [number for number, _, text in found if "<details><summary>Solution" in text]
    assert len(hidden) >= 2
    assert sorted(hidden + folded) == [number for number, *_ in found]


@each_chapter
def test_a_prediction_comes_before_its_answer(name):
    """Between a question and the next one, or the end, an answer is folded."""
    events = []
    for cell in NOTEBOOKS[name]["cells"]:
        if cell["cell_type"] == "markdown" and "> **Predict first.** " in source(cell):
            events.append(source(cell)[:200])
        events += ["answer"] if "answer" in tags(cell) else []
    assert [question for question, after in pairwise([*events, ""]) if question != "answer" != after] == []
    assert "answer" in events


@each_chapter
def test_equations_have_one_number_each(name):
    numbers = re.findall(r"\\tag\{(\w+)\}", "\n".join(texts(name)))
    assert numbers == [str(k) for k in range(1, len(numbers) + 1)]
