"""Aids to reading: minutes, core and further, folded answers, numbers with links, definitions, wrapped code."""

import json
import re
from html import unescape

import pytest
from bs4 import BeautifulSoup
from building import sphinx
from minutes import SECONDS, badge, core, everything, main, sections
from wrapped import CODE, LONG, mark_lines

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = {"image/png": PNG}
MOVING = {"text/html": '<gen-lib-flow><img alt="a flow" src="data:image/png;base64,x"></gen-lib-flow>'}
TABLE = {"text/html": "<table><tr><td>1</td></tr></table>"}

pytestmark = pytest.mark.xdist_group("reading")  # the book is built once


def text(source, *tags):
    return {"cell_type": "markdown", "id": "a", "metadata": {"tags": [*tags]}, "source": source}


def code(source, *tags, shows=(), **metadata):
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in shows]
    metadata = {"tags": [*tags], **metadata}
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": metadata,
        "source": source,
        "outputs": outputs,
        "execution_count": 1,
    }


def notebook(*cells):
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def seconds(*cells):
    """Of the section that they make."""
    (_, section) = sections(notebook(text("## Title"), *cells))
    return sum(getattr(section, name) * cost for name, cost in SECONDS.items())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([text("one two $x + y$ `four`, [five six](a.html)")], 6 / 3),
        ([text("$$\na\n$$\n\nand\n\n$$\nb \\tag{1}\n$$")], 2 * 20 + 1 / 3),
        ([code("x = 1")], 30),
        ([code("x = 1", "hide-input"), code("y", "hide-cell")], 0),
        ([code("fig", mystnb={"image": {"alt": "A line."}})], 30 + 20),
        ([code("live.flow(net)\nclaim('a', 1, below=2)\nclaim('b', 1, below=2)", "hide-input")], 90 + 2 * 5),
        ([text("<details><summary>Solution</summary>\n\nwords $$x$$ and\n\n$$\ny\n$$\n\n</details>\n\nseen")], 1 / 3),
        ([text("*Core · 7 minutes*")], 0),
        ([text("| a | b |\n|---|---|\n| c | d |")], 4 / 3),
    ],
)
def test_what_is_seen_takes_time_and_what_is_folded_none(cells, expected):
    assert seconds(*cells) == pytest.approx(expected)


def test_minutes_are_rounded_up_and_summed_as_written():
    parts = sections(
        notebook(
            text("# 7. Title\n\nwords"),
            text("## A\n\n*Core · 9 minutes*\n\n" + "word " * 180),
            text("## B\n\n" + "word " * 181 + "\n\n## C\n\n*Further · 4 minutes*"),
            text("## Exercises\n\n" + "word " * 1000 + "\n\n## References\n\nmany"),
        )
    )
    assert [part.minutes for part in parts[:4]] == [1, 1, 2, 0]
    assert [(part.kind, part.written) for part in parts[:4]] == [("", None), ("Core", 9), ("", None), ("Further", 4)]
    assert core(parts) == 1 + 9 + 2
    assert everything(parts) == core(parts) + 4


@pytest.mark.parametrize("line", ["Core · 1 minutes", "Core · 2 minute", "core · 2 minutes", "Core - 2 minutes", "2"])
def test_lines_that_are_no_badge(line):
    assert badge(line) is None


def test_the_table_names_what_is_not_written(tmp_path, capsys):
    path = tmp_path / "07_a.ipynb"
    path.write_text(json.dumps(notebook(text("# 7. T"), text("## A\n\n*Core · 9 minutes*"), text("## B\n\nword"))))
    assert main([str(path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split("<-- ")[1] for line in shown if "<--" in line] == ["write the estimate", "write the line"]
    assert shown[-1] == "core 11 of at most 50 minutes, everything 11"


GLOSSARY = """# Glossary

```{glossary}
mode
  A region where the data are dense, of {term}`mode collapse` $x$.

mode collapse
  Modes are missing.
```
"""
CHAPTER = [
    text("# 7. Title\n\nThe mode collapse is as in `a mode` and [the mode](../page.md)."),
    text(
        "## One mode\n\n*Core · 3 minutes*\n\nModes and a mode are in equation (1), equations (1) and (2); (2) and (5)."
    ),
    text("$$\na \\tag{1}\n$$\n\n$$\nb \\tag{2}\n$$"),
    code("first = 1", shows=[PICTURE], gen_lib={"caption": "A line at $x = 0$, by equation (1)."}),
    text("## Two\n\n*Further · 1 minute*\n\nSee Figure 7.2, and equation (1) there."),
    code("predict()", shows=[MOVING, TABLE]),
    code("answer_one()", "answer", shows=[PICTURE]),
    text("answer two", "answer"),
    code("seen()"),
    code("answer_three()", "answer"),
]
SETTINGS = """
extensions = ["myst_nb", "formulas", "sections", "answers", "numbered", "definitions", "wrapped"]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"
root_doc = "page"
exclude_patterns = ["_build"]
"""
PAGE = "# Page\n\nEquation (2) of Chapter 7, equation (1) of [Chapter 7](notebooks/07_a.ipynb) and (3).\n"


def build(root, cells=CHAPTER, page=PAGE):
    """The chapter and the page as soups, and the warnings."""
    for name, content in {
        "notebooks/07_a.ipynb": json.dumps(notebook(*cells)),
        "page.md": page + "\n```{toctree}\nnotebooks/07_a\nbook/glossary\n```\n",
        "book/glossary.md": GLOSSARY,
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content, "utf-8")
    (root / "conf.py").write_text(SETTINGS)
    built = sphinx(root, "-q", "-n")
    assert built.returncode == 0
    site = root / "_build" / "html"
    pages = [(site / name).read_text("utf-8") for name in ("notebooks/07_a.html", "page.html")]
    return *(BeautifulSoup(one, "html.parser") for one in pages), built.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("book"))


def links(soup, words):
    return [a["href"] for a in soup.select("a.internal") if a.get_text() == words]


def test_the_small_book_has_no_warning(built):
    assert built[2] == ""


def test_anchors_are_unique(built):
    anchors = [part["id"] for part in built[0].select("[id]")]
    assert len(anchors) == len(set(anchors))


def test_sections_say_what_they_are(built):
    chapter = built[0]
    kinds = [(part["id"], part["class"]) for part in chapter.select("section section[class]")]
    assert kinds == [("one-mode", ["core"]), ("two", ["further"])]
    assert [part.get_text() for part in chapter.select("p.reading")] == ["Core 3 minutes", "Further 1 minute"]
    assert [part.find_parent("section")["id"] for part in chapter.select("p.reading")] == ["one-mode", "two"]
    opening = sections(notebook(*CHAPTER))[0].minutes
    assert chapter.select_one(".reading.sums").get_text() == f"Core {3 + opening} minutes · everything {4 + opening}"
    entries = chapter.select('.sphinxsidebar a[href="#one-mode"], .sphinxsidebar a[href="#two"]')
    assert {entry.get_text() for entry in entries} >= {"One mode 3 min", "Two further, 1 min"}


def test_answers_are_folded_and_nothing_is_lost(built):
    first, second = built[0].select("details.answer")
    assert [fold.summary.get_text() for fold in (first, second)] == ["Show the answer"] * 2
    assert not first.has_attr("open")
    assert "answer_one()" in first.get_text()
    assert "answer two" in first.get_text()
    assert first.select_one("figure#figure-7-3 img")
    assert "answer_three()" in second.get_text()
    outside = built[0].select_one("#two").get_text()
    assert outside.index("predict()") < outside.index("answer_one()") < outside.index("seen()")
    assert all("seen()" not in fold.get_text() and "predict()" not in fold.get_text() for fold in (first, second))


def test_pictures_and_figures_that_move_are_numbered_in_order(built):
    found = {figure["id"]: figure for figure in built[0].select("figure.numbered")}
    assert list(found) == ["figure-7-1", "figure-7-2", "figure-7-3"]
    assert [figure.select_one("figcaption a.permalink")["href"] for figure in found.values()] == [
        f"#{n}" for n in found
    ]
    caption = found["figure-7-1"].figcaption
    assert caption.math
    assert caption.get_text().startswith("Figure 7.1. A line at ")
    assert found["figure-7-2"].figcaption.get_text(strip=True) == "Figure 7.2"
    assert found["figure-7-2"].find("gen-lib-flow")
    assert not built[0].select("figure table")


def test_names_lead_to_what_they_name(built):
    chapter, page, _ = built
    assert links(chapter, "equation (1)") == ["#equation-7-1"] * 2  # in the text and in a caption; not "there"
    assert links(chapter, "equations (1)") == []
    assert links(chapter, "(2)") == ["#equation-7-2"] * 2  # of several, and alone
    assert links(chapter, "(5)") == []  # no equation, and nothing calls it one
    assert links(chapter, "Figure 7.2") == ["#figure-7-2"] * 2
    assert links(page, "Equation (2) of Chapter 7") == ["notebooks/07_a.html#equation-7-2"]
    assert links(page, "equation (1)") == ["notebooks/07_a.html#equation-7-1"]
    assert links(page, "(3)") == []


WRONG = {
    "By equation (3) it holds.": "undefined label: 'equation-7-3'",
    "By equations (1) and (4) of Chapter 7 it holds.": "undefined label: 'equation-7-4'",
    "By equation (1) of Chapter 8 it holds.": "undefined label: 'equation-8-1'",
    "In Figure 7.4 it holds.": "undefined label: 'figure-7-4'",
    "$$\nc \\tag{1}\n$$": "there are two equations (1)",
}


def test_what_cannot_be_is_a_warning(tmp_path):
    heading = text("an answer\n\n## Three", "answer")
    *_, warnings = build(tmp_path, [*CHAPTER, *map(text, WRONG), heading])
    expected = [*WRONG.values(), "a heading stands in cells tagged 'answer'"]
    assert {part: part in warnings for part in expected} == dict.fromkeys(expected, True)
    assert warnings.count("WARNING") == len(expected)


def test_the_first_occurrence_of_a_word_shows_its_definition(built):
    words = built[0].select("a.term")
    assert [(word.get_text(), word["href"]) for word in words] == [
        ("mode collapse", "../book/glossary.html#term-mode-collapse"),
        ("Modes", "../book/glossary.html#term-mode"),
    ]
    for word, definition in zip(
        words, ["Modes are missing.", "A region where the data are dense, of mode"], strict=True
    ):
        (box,) = built[0].select(f"#{word['aria-describedby']}")
        assert box.get_text().strip().startswith(definition)
        assert box["role"] == "tooltip"
        assert not box.find("a")


def test_wrapped_code_is_the_same_text():
    lines = ["w" * LONG, "    " + "x" * LONG, "y" * (LONG + 1), "", "s = &lt;<i>" + "z" * LONG + "</i>", "end", ""]
    block = f'<div class="cell_input docutils container">a<pre><span></span>{chr(10).join(lines)}</pre>'
    marked = CODE.sub(mark_lines, block)
    soup = BeautifulSoup(marked, "html.parser")
    assert soup.pre.get_text() == BeautifulSoup(block, "html.parser").pre.get_text()
    long = {line["style"] if line.has_attr("style") else "": line.get_text() for line in soup.select(".long")}
    assert [line.get_text() for line in soup.select(".long")] == [
        f"{unescape(re.sub('<.*?>', '', lines[i]))}\n" for i in (1, 2, 4)
    ]
    assert long["--in:4"] == lines[1] + "\n"
    assert soup.pre.i.get_text() == "z" * LONG
