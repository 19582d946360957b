"""The guide for lecturers says what is in the chapters: minutes, sections, exercises and controls."""

import re
from pathlib import Path

import pytest
from exercises import exercises
from minutes import core, sections
from notebook_key import read
from test_executed import build

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "book" / "teaching.md").read_text("utf-8")
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))


ONE_BUILD = pytest.mark.xdist_group("teaching")
SLIPS = {
    "{core}`77`": "there is no chapter '77'",
    "{section}`01 Of cabbages`": "the chapter has no section 'Of cabbages'",
    "{exercise}`01 99`": "the chapter has no exercise '99'",
    "{control}`flow_lab taste`": "the figure has no control 'taste'",
    "{control}`teapot steps`": "there is no figure 'teapot'",
}
ROLES = "# T\n\nA {core}`01` B {core}`01 02` C {exercise}`01 3` D {exercise}`11 4`\n\n" + "\n\n".join(SLIPS)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The guide and a page of roles in a book of stubs: that page as text, and the complaints about each."""
    book = tmp_path_factory.mktemp("teaching")
    (book / "notebooks").mkdir()
    for path in NOTEBOOKS:
        (book / "notebooks" / path.name).symlink_to(path)
        (book / "notebooks" / f"{path.stem}.md").write_text("# A chapter\n", "utf-8")
    (book / "gen_lib").symlink_to(ROOT / "gen_lib")
    pages = "".join(f"notebooks/{path.stem}\n" for path in NOTEBOOKS)
    guide = GUIDE.replace("../notebooks/", "notebooks/")
    (book / "page.md").write_text(f"{guide}\n\n```{{toctree}}\n{pages}roles\n```\n", "utf-8")
    (book / "roles.md").write_text(ROLES, "utf-8")
    complaints = build(book, extension="teaching").stderr.splitlines()
    html = (book / "_build" / "html" / "roles.html").read_text("utf-8")
    text = " ".join(re.sub("<[^>]*>", "", html).split())
    return text, *([line for line in complaints if f"{page}.md:" in line] for page in ("page", "roles"))


@ONE_BUILD
def test_what_the_guide_says_of_the_chapters_is_there(built):
    _, complaints, _ = built
    assert [line for line in complaints if "{" in line] == []


@ONE_BUILD
def test_roles_say_what_the_notebooks_say(built):
    first, second = (read(path) for path in NOTEBOOKS[:2])
    one, both = core(sections(first)), core(sections(first)) + core(sections(second))
    exercise = exercises(first)[2]
    assert f"A {one} B {both} C 3. {exercise.name}" in built[0]


@ONE_BUILD
def test_a_name_with_a_formula_is_readable_in_a_link(built):
    assert "4. W₁ by hand" in built[0]


@ONE_BUILD
@pytest.mark.parametrize("role", SLIPS)
def test_what_is_not_there_is_a_warning(built, role):
    assert sum(f"{role}: {SLIPS[role]}" in line for line in built[2]) == 1


def lectures(title):
    """The chapters of each lecture of a course."""
    table = GUIDE.partition(f"## {title}")[2].partition("\n## ")[0]
    return [numbers.split() for numbers in re.findall(r"\{core\}`([\d ]+)`", table)]


def test_a_lecture_has_time_for_the_core_of_its_chapters():
    """And for what the guide says that it has: half an hour of 90 minutes, or none of 50."""
    minutes = {path.stem[:2]: core(sections(read(path))) for path in NOTEBOOKS}
    short, long = lectures("A course of six lectures"), lectures("A course of one lecture for each chapter")
    assert [len(short), len(long)] == [6, len(NOTEBOOKS)]
    assert [lecture for lecture in short if sum(minutes[number] for number in lecture) > 60] == []
    assert [lecture for lecture in long if sum(minutes[number] for number in lecture) > 50] == []


def test_every_chapter_is_in_the_long_course_and_has_its_own_part():
    numbers = [path.stem[:2] for path in NOTEBOOKS]
    parts = re.findall(r"^### Chapter (\d+)\.", GUIDE, re.MULTILINE)
    assert lectures("A course of one lecture for each chapter") == [[number] for number in numbers]
    assert [f"{int(number):02}" for number in parts] == numbers
