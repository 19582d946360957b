"""The page of all claims: what the chapters printed in their last run; one that has not run stops the build."""

import json
import re

import pytest
from notebook_key import EXECUTED
from test_executed import build

LINES = [
    "not a claim: 1",
    "✓ W1: 0.2 ± 0.1, mean of 3 members (below 0.25)",
    "✓ W1: 0.1 to 0.2, every one of 3 members (below 0.25)",
    "✓ least value: 2 (above 1)",
]


def code(*lines):
    outputs = [{"output_type": "stream", "name": "stdout", "text": "\n".join(lines)}] if lines else []
    return {"cell_type": "code", "metadata": {}, "source": "claim()", "outputs": outputs, "execution_count": None}


@pytest.fixture
def book(tmp_path):
    title = {"cell_type": "markdown", "metadata": {}, "source": ["# 1. A chapter\n", "text"]}
    for folder, cells in (
        (tmp_path, [title, code()]),
        (tmp_path / EXECUTED, [title, code(*LINES[:3]), code(LINES[3])]),
    ):
        path = folder / "notebooks" / "01_chapter.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    (tmp_path / "notebooks" / "01_chapter.md").write_text("# The chapter\n", "utf-8")  # a page to lead to
    (tmp_path / "page.md").write_text(
        "# Page\n\n```{claims}\n```\n\n```{toctree}\nnotebooks/01_chapter\n```\n", "utf-8"
    )
    return tmp_path


def test_all_claims_are_listed_with_what_they_compare(book):
    assert build(book, "-W", extension="claims").stderr == ""
    page = (book / "_build" / "html" / "page.html").read_text("utf-8")
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page))
    assert all(line in text for line in LINES[1:])
    assert LINES[0] not in text
    assert "3 claims, 1 compare a mean, 1 compare every one of several values; the others" in text
    assert re.search(r'href="notebooks/01_chapter.html"[^>]*>\s*<span[^>]*>1. A chapter', page)


def test_a_chapter_that_has_not_run_stops_the_build(book):
    (book / EXECUTED / "notebooks" / "01_chapter.ipynb").unlink()
    built = build(book, "-W", extension="claims")
    assert built.returncode
    assert "no executed copy 01_chapter.ipynb: run make execute" in built.stderr
