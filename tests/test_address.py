"""One command sets the address of the repository everywhere; until then no page has a button that leads nowhere."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from address import PLACEHOLDER, changed, is_placeholder, parts, present, set_address, texts
from notebook_key import code_cells, read, source
from published import leave_out
from test_executed import build

ROOT = Path(__file__).parents[1]
OLD, NEW = "/".join(PLACEHOLDER), "/".join(["Ada-L", "notes.on_flows"])  # no address stands in this file itself


@pytest.fixture
def copy(tmp_path):
    """The files that people write, with the placeholder, whatever the address is here."""
    here = "/".join(parts(present(ROOT)))
    for path, text in texts(ROOT):
        to = tmp_path / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text.replace(here, OLD), "utf-8")
    return tmp_path


def make(copy, url):
    command = ["make", "--no-print-directory", "-C", copy, "address", f"PYTHON={sys.executable}", f"URL={url}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def holding(copy, word):
    return {path.relative_to(copy).as_posix() for path, text in texts(copy) if word in text}


def test_the_address_is_set_everywhere_at_once(copy):
    named, lines = holding(copy, OLD), {path: text.count("\n") for path, text in texts(copy)}
    notebooks = {path.relative_to(copy).as_posix() for path in copy.glob("notebooks/*.ipynb")}
    assert {"_config.yml", "CITATION.cff", "README.md"} | notebooks <= named
    made = make(copy, f"https://github.com/{NEW}")
    assert (made.returncode, made.stderr) == (0, "")
    assert holding(copy, OLD) == holding(copy, f"{PLACEHOLDER[0]}.github.io") == set()
    assert holding(copy, NEW) == named
    config = yaml.safe_load((copy / "_config.yml").read_text("utf-8"))
    citation = yaml.safe_load((copy / "CITATION.cff").read_text("utf-8"))
    assert config["repository"]["url"] == citation["repository-code"] == f"https://github.com/{NEW}"
    for path in copy.glob("notebooks/*.ipynb"):
        assert f'git+https://github.com/{NEW}"' in source(next(code_cells(read(path))))
    assert all(text.count("\n") == lines[path] for path, text in texts(copy) if path.suffix != ".md")
    readme = (copy / "README.md").read_text("utf-8")
    assert f"(https://colab.research.google.com/github/{NEW}/blob/main/notebooks/01_noise_to_data.ipynb)" in readme
    assert "(https://ada-l.github.io/notes.on_flows)" in readme
    pages = [text for path, text in texts(copy) if path.suffix == ".md" and path.name != "CONTRIBUTING.md"]
    assert not any("until published" in text or "when published" in text or "Not yet" in text for text in pages)
    assert "The rocket at the top of a chapter" in "".join(pages)


def test_it_can_be_set_again(copy):
    owners = ("ann", "bob", "cyd")
    for owner, end in zip(owners, ("", ".git", "/"), strict=True):
        assert make(copy, f"https://github.com/{owner}/flows{end}").returncode == 0
    assert present(copy) == f"https://github.com/{owners[-1]}/flows"
    assert not any(holding(copy, f"{owner}/flows") for owner in owners[:-1])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "OWNER/REPO",
        "github.com/a/b",
        "http://github.com/a/b",
        "https://gitlab.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b/tree/main",
        "https://github.com/-a/b",
        "https://github.com/a b/c",
        "https://github.com/a/..",
        "https://github.com/a/b?c=d",
        'https://github.com/a/b" && echo',
        "https://user@github.com/a/b",
    ],
)
def test_what_is_no_address_is_refused(tmp_path, url):
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/a/b\n", "utf-8")
    with pytest.raises(ValueError, match=r"URL must be https://github\.com/OWNER/REPOSITORY, got ") as refused:
        set_address(tmp_path, url)
    assert repr(url) in str(refused.value)
    assert present(tmp_path) == "https://github.com/a/b"


def test_a_refusal_is_said_and_changes_nothing(copy):
    before = dict(texts(copy))
    for url, words in (("nowhere", "got 'nowhere'"), (f"https://github.com/{OLD}", "got the placeholder")):
        made = make(copy, url)
        assert made.returncode
        assert words in made.stderr
        assert "Traceback" not in made.stderr
    assert dict(texts(copy)) == before


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('git+https://github.com/a/b"', 'git+https://github.com/c/d"'),
        ("https://github.com/a/b/issues", "https://github.com/c/d/issues"),
        ("https://github.com/a/b.", "https://github.com/c/d."),
        ("https://colab.research.google.com/github/a/b/blob", "https://colab.research.google.com/github/c/d/blob"),
        ("https://a.github.io/b/x", "https://c.github.io/d/x"),
        ("https://github.com/a/bc https://github.com/a/b-c https://github.com/ya/b", None),
        ("see a/b", None),
        ("x\n\n<!-- until published -->\nold\n\nold\n<!-- end -->\n\ny", "x\n\ny"),
        ("x\n\n<!-- when published\nnew\n\n-->\ny", "x\n\nnew\n\ny"),
    ],
)
def test_what_is_replaced(text, after):
    assert changed(text, ("a", "b"), ("c", "d"), markdown=True) == (text if after is None else after)


def test_marks_are_for_markdown_only():
    text = "<!-- when published\nnew\n-->\n"
    assert changed(text, ("a", "b"), ("c", "d"), markdown=False) == text


@pytest.mark.parametrize("address", [OLD, "a/b"])
def test_buttons_lead_somewhere_or_are_not_there(tmp_path, address):
    """Of a page of the theme, with all the buttons that the book asks for."""
    (tmp_path / "page.md").write_text("# Page\n\ntext\n", "utf-8")
    url = f"https://github.com/{address}"
    options = {"repository_url": url, "use_repository_button": True, "use_issues_button": True}
    settings = [f"html_theme_options.{name}={value}" for name, value in options.items()]
    words = [word for setting in (*settings, "html_theme=sphinx_book_theme") for word in ("-D", setting)]
    built = build(tmp_path, *words, extension="sphinx_book_theme,published")
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "_build" / "html" / "page.html").read_text("utf-8")
    assert is_placeholder(url) == (address == OLD)
    assert (f'href="{url}' in page) == (address != OLD)
    assert ("issues/new" in page) == (address != OLD)


@pytest.mark.parametrize("address", [OLD, "a/b"])
def test_a_notebook_is_launched_from_where_it_is(address):
    asked = {"repository_url": f"https://github.com/{address}", "launch_buttons": {"colab_url": "https://colab"}}
    config = SimpleNamespace(html_theme_options=asked)
    leave_out(None, config)
    assert bool(config.html_theme_options["launch_buttons"]) == (address != OLD)
