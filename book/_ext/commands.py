"""Sphinx extension: a page shows commands with what they printed when the book was made.

    ```{commands}
    gen-lib train --method fm --data moons
    gen-lib list
    ```

runs the commands of a page in turn, in a folder of their own that is empty at first, and shows each with its output.
``:fails: 2`` says that the last command ends with that exit status, and shows its error; ``:picture: runs/*/*/a.png``
shows a picture that was made, with ``:alt:`` in words. Any other exit status, or no such picture, is a warning, and so
an error under -W. What was printed is kept until a command of the page or the library changes.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from notebook_key import library
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)
KEPT = Path("_build", "commands")


def blocks(source: str) -> list[list[str]]:
    """The command lines of each block of a page.

    Example:
        >>> blocks("text\\n```{commands}\\n:fails: 2\\nls a\\nls b\\n```\\n")
        [['ls a', 'ls b']]
    """
    found: list[list[str]] = []
    inside = False
    for line in source.splitlines():
        if line.startswith("```{commands}"):
            inside = True
            found.append([])
        elif line.startswith("```"):
            inside = False
        elif inside and line.strip() and not line.startswith(":"):
            found[-1].append(line)
    return found


def key(lines: list[str], root: Path) -> str:
    """Hash of the commands, of the library and of the Python version."""
    digest = sha256(json.dumps([sys.version_info[:2], lines]).encode())
    for path in library(root):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def printed(page: str, lines: list[str], root: Path) -> tuple[list[dict[str, Any]], Path]:
    """What each command printed, and the folder in which they ran; they run if that is not known yet."""
    folder = root / KEPT / f"{page.replace('/', '-')}-{key(lines, root)}"
    answers = folder / "answers.json"
    if not answers.exists():
        for old in (root / KEPT).glob(f"{page.replace('/', '-')}-*"):
            shutil.rmtree(old, ignore_errors=True)
        (folder / "work").mkdir(parents=True)
        environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
        session = [sys.executable, __file__, json.dumps(lines), str(answers)]
        subprocess.run(session, cwd=folder / "work", env=environment, check=True)
    return json.loads(answers.read_text("utf-8")), folder / "work"


def run(lines: list[str]) -> list[dict[str, Any]]:
    """Run commands in turn; those of gen-lib in copies of this process, in which torch is loaded already."""
    import gen_lib.runs.pictures
    import gen_lib.runs.starting  # noqa: F401
    from gen_lib import cli

    answers = []
    for line in lines:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            program, *words = shlex.split(line)
            if program == "gen-lib":
                child = os.fork()
                if child == 0:
                    os.dup2(out.fileno(), 1)
                    os.dup2(err.fileno(), 2)
                    status = 1
                    try:
                        cli.main(words)
                        status = 0
                    except SystemExit as end:
                        status = int(end.code or 0) if not isinstance(end.code, str) else 1
                    finally:
                        sys.stdout.flush()
                        sys.stderr.flush()
                        os._exit(status)
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            else:
                status = subprocess.run(line, shell=True, stdout=out, stderr=err, check=False).returncode
            for file in (out, err):
                file.seek(0)
            answers.append({"status": status, "out": out.read(), "err": err.read()})
    return answers


class Commands(Directive):
    """``commands``: lines of a shell, each with what it printed."""

    has_content = True
    option_spec = {  # noqa: RUF012  docutils asks for it so
        "fails": directives.nonnegative_int,
        "picture": directives.unchanged_required,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        env = self.state.document.settings.env
        root, page = Path(env.srcdir), env.docname
        lines = [line for block in blocks(Path(env.doc2path(page)).read_text("utf-8")) for line in block]
        for path in library(root):
            env.note_dependency(str(path))
        answers, folder = printed(page, lines, root)
        shown = []
        mine = [line for line in self.content if line.strip()]
        before = env.temp_data.get("commands", 0)  # of the page so far
        env.temp_data["commands"] = before + len(mine)
        for i, (line, answer) in enumerate(zip(mine, answers[before:], strict=False), 1):
            expected = self.options.get("fails", 0) if i == len(mine) else 0
            if answer["status"] != expected:
                self.warn(f"{line!r} ended with {answer['status']} instead of {expected}: {answer['err'][-500:]}")
            text = answer["out"] + (answer["err"] if expected else "")
            shown.append(f"$ {line}\n{text}".rstrip())
        block = nodes.literal_block("", "\n".join(shown), language="console", classes=["commands"])
        return [block, *self.picture(folder, root, page)]

    def picture(self, folder: Path, root: Path, page: str) -> list[nodes.Node]:
        """The picture asked for, if one is."""
        if "picture" not in self.options:
            return []
        found = sorted(folder.glob(self.options["picture"]))
        if not found or "alt" not in self.options:
            self.warn(f"a picture {self.options['picture']} with an alt is needed, {len(found)} are there")
            return []
        path = "/" + found[-1].relative_to(root).as_posix()
        return [nodes.image("", uri=path, alt=self.options["alt"])]

    def warn(self, text: str) -> None:
        """Say what is wrong, and where."""
        log.warning(text, location=(self.state.document.settings.env.docname, self.lineno), type="commands")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("commands", Commands)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(run(json.loads(sys.argv[1]))), "utf-8")
