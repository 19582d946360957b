"""A page that shows the output of another page's cell: it is that output, and what is missing stops the build."""

import json
from pathlib import Path

import pytest
import yaml
from building import sphinx
from executed import outputs
from notebook_key import EXECUTED, code_cells, read, tags

ROOT = Path(__file__).parents[1]
TABLE = '<table><caption>all of them</caption><tr><th scope="row">fm</th><td>0.06</td></tr></table>'


def cell(*tags, html=None, text="1"):
    data = {"text/plain": text} | ({"text/html": html} if html else {})
    shown = {"output_type": "display_data", "data": data, "metadata": {}}
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": "table()", "outputs": [shown]}


COPIES = {
    "good": [cell(html="<p>another</p>"), cell("scoreboard", "hide-input", html=[TABLE[:9], TABLE[9:]])],
    "untagged": [cell(html=TABLE)],
    "twice": [cell("scoreboard", html=TABLE)] * 2,
    "plain": [cell("scoreboard")],
    "missing": None,
}
PROBLEMS = {
    "untagged": "untagged.ipynb must have one cell tagged 'scoreboard', it has 0",
    "twice": "twice.ipynb must have one cell tagged 'scoreboard', it has 2",
    "plain": "the cell of plain.ipynb tagged 'scoreboard' displayed no HTML",
    "missing": "no executed copy missing.ipynb: run make execute",
}


def write(root, name):
    copy = root / EXECUTED / "notebooks" / f"{name}.ipynb"
    copy.parent.mkdir(parents=True, exist_ok=True)
    if COPIES[name] is not None:
        copy.write_text(json.dumps({"cells": COPIES[name], "metadata": {}}), "utf-8")
    return copy


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_missing_is_said(tmp_path, name):
    with pytest.raises(LookupError) as caught:
        outputs(write(tmp_path, name), "scoreboard")
    assert str(caught.value) == PROBLEMS[name]


def build(root, *more, extension="executed"):
    settings = {"extensions": f"myst_parser,{extension}", "root_doc": "page", "exclude_patterns": "_build"}
    return sphinx(
        root, "-C", "-q", *more, *(word for key, value in settings.items() for word in ("-D", f"{key}={value}"))
    )


def test_the_page_shows_the_table_of_the_last_run(tmp_path):
    copy = write(tmp_path, "good")
    (tmp_path / "page.md").write_text("# Page\n\n```{executed} notebooks/good scoreboard\n```\n", "utf-8")
    assert build(tmp_path, "-W").stderr == ""
    page = tmp_path / "_build" / "html" / "page.html"
    assert TABLE in page.read_text("utf-8")
    assert "another" not in page.read_text("utf-8")
    again = json.loads(copy.read_text("utf-8"))
    again["cells"][1]["outputs"][0]["data"]["text/html"] = TABLE.replace("0.06", "0.07")
    copy.write_text(json.dumps(again), "utf-8")
    assert build(tmp_path, "-W").stderr == ""
    assert "0.07" in page.read_text("utf-8")  # although the page itself has not changed


@pytest.mark.parametrize("name", ["missing", "untagged"])
def test_a_missing_table_stops_the_build(tmp_path, name):
    write(tmp_path, name)
    (tmp_path / "page.md").write_text(f"# Page\n\n```{{executed}} notebooks/{name} scoreboard\n```\n", "utf-8")
    built = build(tmp_path, "-W")
    assert built.returncode
    assert PROBLEMS[name] in built.stderr
    assert "page.md:3" in built.stderr


def test_the_scoreboard_of_the_book_asks_for_a_cell_that_is_there():
    page = (ROOT / "book" / "scoreboard.md").read_text("utf-8")
    (line,) = (line for line in page.splitlines() if line.startswith("```{executed}"))
    _, name, tag = line.split()
    tagged = [c for c in code_cells(read(ROOT / f"{name}.ipynb")) if tag in tags(c)]
    assert len(tagged) == 1
    assert "nbval-check-output" not in tags(tagged[0])  # it shows times
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]
    assert "executed" in config["local_extensions"]
    assert "executed" in config["config"]["extensions"]
