"""Set the address of the repository everywhere at once: address.py https://github.com/OWNER/REPOSITORY [--root FOLDER]

The present address, that of _config.yml, is replaced in all files that name it: the install cells of the notebooks, the
citation, the pages. In Markdown files what is between `<!-- until published -->` and `<!-- end -->` goes, and what is
in `<!-- when published` ... `-->` comes. Nothing is fetched and nothing is sent.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACEHOLDER = ("gen-lib", "generative-models")  # an owner and a repository that are not there
ADDRESS = re.compile(r"https://github\.com/([A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?)/([\w.-]*[\w-])")
URL = re.compile(r"^  url: (\S+)", re.MULTILINE)  # in _config.yml
UNTIL = re.compile(r"<!-- until published -->\n.*?<!-- end -->\n\n?", re.DOTALL)
WHEN = re.compile(r"<!-- when published\n(.*?)-->\n", re.DOTALL)
PASSED_BY = {"_build", "build", "node_modules", "__pycache__", "runs"}


def parts(url: str) -> tuple[str, str]:
    """Owner and repository.

    Raises:
        ValueError: another address than that of a repository on GitHub
    """
    match = ADDRESS.fullmatch(url.removesuffix("/").removesuffix(".git"))
    if not match or set(match[2]) == {"."}:
        raise ValueError(f"URL must be https://github.com/OWNER/REPOSITORY, got {url!r}")
    return match[1], match[2]


def is_placeholder(url: str) -> bool:
    """Whether the address leads nowhere yet."""
    return parts(url) == PLACEHOLDER


def present(root: Path) -> str:
    """The address of now.

    Raises:
        ValueError: _config.yml has none
    """
    if not (found := URL.search((root / "_config.yml").read_text("utf-8"))):
        raise ValueError(f"{root / '_config.yml'} must have the line `  url: https://github.com/OWNER/REPOSITORY`")
    return found[1]


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """The files that people write: not what is made, hidden (but for .github and .ci) or no text."""
    for folder, folders, names in os.walk(root):
        hidden = {name for name in folders if name.startswith(".")} - {".github", ".ci"}
        folders[:] = sorted(set(folders) - hidden - PASSED_BY)
        for path in (Path(folder, name) for name in sorted(names)):
            if path.is_symlink():
                continue
            try:
                yield path, path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue


def changed(text: str, old: tuple[str, str], new: tuple[str, str], markdown: bool) -> str:
    """A file with the new address: of the repository, of a page about it, of its site."""
    (owner, name), (to_owner, to_name) = old, new
    end = r"(?![\w-])"  # else another repository, whose name begins like this
    text = re.sub(rf"(github(?:\.com)?)/{re.escape(owner)}/{re.escape(name)}{end}", rf"\1/{to_owner}/{to_name}", text)
    site = rf"{re.escape(owner)}\.github\.io/{re.escape(name)}{end}"
    text = re.sub(site, f"{to_owner.lower()}.github.io/{to_name}", text)
    return WHEN.sub(r"\1", UNTIL.sub("", text)) if markdown else text


def set_address(root: Path, url: str) -> list[Path]:
    """Replace the address; return the files that have changed.

    Raises:
        ValueError: not the address of a repository, or that of the placeholder
    """
    new = parts(url)
    if new == PLACEHOLDER:
        raise ValueError(f"URL must be the address of your repository, got the placeholder {url!r}")
    old, written = parts(present(root)), []
    for path, text in texts(root):
        if (after := changed(text, old, new, path.suffix == ".md")) != text:
            path.write_bytes(after.encode())  # line ends stay as they are
            written.append(path)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="https://github.com/OWNER/REPOSITORY")
    parser.add_argument("--root", type=Path, default=ROOT, help="the book's folder")
    given = parser.parse_args(arguments)
    root = given.root.resolve()
    try:
        written = set_address(root, given.url)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(*(path.relative_to(root) for path in written), sep="\n")
    print(f"{len(written)} files changed; the address is {present(root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
