"""What turns notebooks and pages into the site: links, claims, typography, icons, colours."""

import os
import re
from pathlib import Path
from textwrap import dedent

import pytest
import tinycss2
from check_links import broken_links
from citations import PAPERS
from claims import set_claims
from docutils import nodes
from docutils.utils import new_document
from lean import icons, make_lean, rules
from PIL import Image
from typography import keep_together

from gen_lib import fit, plots

ROOT = Path(__file__).parents[1]


def document(*content: nodes.Node) -> nodes.document:
    tree = new_document("")
    tree.extend(content)
    return tree


@pytest.mark.parametrize(
    ("link", "finding"),
    [
        ("other.html", None),
        ("other.html?digest=1#place", None),
        ("#here", None),
        ("https://example.org/nowhere", None),
        ("data:,x", None),
        ("nowhere.html", "no such file"),
        ("other.html#nowhere", "no element with that id"),
        ("#nowhere", "no element with that id"),
        ("../../outside.html", "no such file"),
    ],
)
def test_broken_links_are_found(tmp_path, link, finding):
    site = tmp_path / "site"
    (site / "folder").mkdir(parents=True)
    (tmp_path / "outside.html").write_text("")
    (site / "folder" / "other.html").write_text("<p id=place></p>")
    (site / "folder" / "page.html").write_text(f"<p id=here><a href='{link}'>link</a></p>")
    found = broken_links(site)
    assert found == ([f"folder/page.html: {link}: {finding}"] if finding else [])


def test_links_of_a_page_that_is_written_again_are_read_again(tmp_path):
    site, memory = tmp_path / "site", tmp_path / "memory.json"
    site.mkdir()
    for name, text in {"page.html": "<a href='other.html#here'>", "other.html": "<p id=here>"}.items():
        (site / name).write_text(text)
        os.utime(site / name, (1, 1))
    assert broken_links(site, memory) == broken_links(site, memory) == []
    (site / "other.html").write_text("<p id=there>")
    missing = "page.html: other.html#here: no element with that id"
    assert broken_links(site, memory) == broken_links(site, memory) == [missing]


def test_printed_claims_become_sentences():
    printed = "step 1\n✓ it holds: 1 (below 2)\n✗ it fails: 3 (below 2)\nthe end"
    tree = document(nodes.literal_block(printed, printed, classes=["output", "stream"]))
    set_claims(None, tree)
    assert [type(part) for part in tree.children] == [nodes.literal_block, nodes.container, nodes.literal_block]
    assert [p["classes"] for p in tree.findall(nodes.paragraph)] == [["holds"], ["fails"]]
    assert tree.astext().split() == printed.split()


def test_code_that_quotes_a_claim_stays_code():
    tree = document(nodes.literal_block("", "✓ in a code block", classes=["code"]))
    set_claims(None, tree)
    assert not list(tree.findall(nodes.container))


@pytest.mark.parametrize(
    ("before", "after", "group"),
    [
        ("the noise ", ", which", "z,"),
        ("the noise (", "), which", "(z),"),
        ("a ", "-dimensional code", "z-dimensional"),
        ("the noise ", " is drawn", None),
        ("", "", None),
    ],
)
def test_punctuation_stays_with_its_formula(before, after, group):
    tree = document(nodes.paragraph("", "", nodes.Text(before), nodes.math("", "z"), nodes.Text(after)))
    keep_together(None, tree)
    assert tree.astext() == f"{before}z{after}"
    assert [part.astext() for part in tree.findall(nodes.inline)] == ([group] if group else [])


@pytest.mark.parametrize(
    ("link", "field", "identifier"),
    [
        ("https://arxiv.org/abs/1312.6114", "eprint", "1312.6114"),
        ("https://arxiv.org/pdf/1312.6114v10", "eprint", "1312.6114"),
        ("https://doi.org/10.1126/science.1127647", "doi", "10.1126/science.1127647"),
        ("https://openreview.net/forum?id=Sy2fzU9gl", "url", "https://openreview.net/forum?id=Sy2fzU9gl"),
    ],
)
def test_links_to_papers_are_recognised(link, field, identifier):
    assert {name: match[1] for name, pattern in PAPERS.items() if (match := pattern.match(link))} == {field: identifier}


def test_only_icons_in_use_are_kept():
    css = icons({"fa-solid", "fa-arrow-up", "arrow-down"})
    assert ".fa-arrow-up{" in css
    assert css.count("{") == 1


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("p{a:b}", "p{a:b}"),
        (".seen{a:b}.other{c:d}", ".seen{a:b}"),
        (".other,p .seen,.seen.other{a:b}", "p .seen{a:b}"),
        ("p:not(.other),p:is(.seen,.other){a:b}", "p:not(.other),p:is(.seen,.other){a:b}"),
        ("@media print{.other{a:b}}", ""),
        ("@media print{.other{a:b}.seen{c:d}}", "@media print{.seen{c:d}\n}"),
        ('@font-face{font-family:"Font Awesome 6 Free"}', ""),
        ('@font-face{font-family:"Book Math"}', '@font-face{font-family:"Book Math"}'),
    ],
)
def test_rules_that_nothing_can_match_are_left_out(css, kept):
    assert "".join(rules(tinycss2.parse_stylesheet(css, True, True), {"seen"})).strip() == kept


PAGE = """<html><head><link rel="stylesheet" href="_static/a.css?v=1" /><link href="_static/b.css" rel="stylesheet" />
<script src="_static/x.js"></script><script src="searchindex.js"></script></head>
<body><article class="kept"><img src="one.png"><img alt="two" src="one.png"></article></body></html>"""


def test_pages_become_lean_once(tmp_path):
    """Even if they are looked at again, or only one of them has been written anew."""
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text('@import "c.css"; .gone{a:b}')
    (tmp_path / "_static" / "b.css").write_text("p{c:d}")
    (tmp_path / "_static" / "c.css").write_text(".kept{e:f}")
    (tmp_path / "_static" / "x.js").write_text("")
    Image.new("RGB", (30, 20)).save(tmp_path / "one.png")
    pages = [tmp_path / "page.html", tmp_path / "other.html"]
    for page in pages:
        page.write_text(PAGE)
    make_lean(tmp_path)
    css, first = (tmp_path / "_static" / "pages.css").read_text(), pages[0].read_text()
    assert css.startswith(".kept{e:f}\np{c:d}\n")
    assert ".gone" not in css
    assert re.findall(r'<link [^>]*href="([^"?]*)', first) == ["_static/pages.css"]
    assert re.findall(r"<script[^>]*>", first) == ['<script defer src="_static/x.js">']
    assert re.findall(r"<img[^>]*>", first) == [
        '<img width="30" height="20" src="one.png">',
        '<img width="30" height="20" loading="lazy" decoding="async" alt="two" src="one.png">',
    ]
    make_lean(tmp_path)
    pages[1].write_text(PAGE)
    make_lean(tmp_path)
    assert [page.read_text() for page in pages] == [first, first]


def test_page_and_figures_share_their_colours():
    css = (ROOT / "book" / "_static" / "book.css").read_text("utf-8")
    assert dict(re.findall(r"--role-(\w+): (#\w+);", css)) == plots.COLORS


def test_every_module_is_documented_once():
    """On the pages about the library; Sphinx does not miss a module that no page names."""
    named = [
        name
        for page in [ROOT / "book" / "api.md", *ROOT.glob("book/api/*.md")]
        for name in re.findall(r"^\.\. automodule:: (\S+)$", page.read_text("utf-8"), re.MULTILINE)
    ]
    modules = [path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("gen_lib/*/**/*.py")]
    modules += [path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("gen_lib/*.py") if path.stem != "__init__"]
    assert sorted(named) == sorted(".".join(path.parts).removesuffix(".__init__") for path in modules)


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
@pytest.mark.parametrize("page", ["api", "troubleshooting"])
def test_code_on_the_page_runs(page, tmp_path, monkeypatch):
    """From the top, as a reader would, but shorter; what it leaves behind goes into an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gen_lib.fit", lambda *given, steps, **named: fit(*given, steps=min(steps, 20), **named))
    monkeypatch.setenv("TQDM_DISABLE", "1")
    text = (ROOT / "book" / f"{page}.md").read_text("utf-8")
    names: dict[str, object] = {}
    for _, code in re.findall(r"^( *)```python\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE):
        exec(compile(dedent(code), page, "exec"), names)
    assert names
