"""Where a new environment has torch from, with folders as indexes and packages that hold nothing."""

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "install.py"


@pytest.fixture
def install():
    spec = importlib.util.spec_from_file_location("install", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def index(folder, *packages):
    """An index of empty packages, each given as "name version"; its address."""
    for name, version in map(str.split, packages):
        file = f"{name}-{version}-py3-none-any.whl"
        (folder / name).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / name / file, "w") as wheel:
            info = f"{name}-{version}.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        with (folder / name / "index.html").open("a") as page:
            page.write(f'<a href="{file.replace("+", "%2B")}">{file}</a>\n')
    return folder.as_uri()


@pytest.fixture
def machine(tmp_path, monkeypatch, install):
    """Linux with an empty environment, no card, and a pip that knows two indexes; a function says what is installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "default", *DEFAULT))
    monkeypatch.setenv("PIP_PYTHON", str(python))
    monkeypatch.setattr(install, "CPU", index(tmp_path / "cpu", "torch 2.0.0+cpu", "torch 2.1.0+cpu"))
    monkeypatch.setattr(install, "needs_no_cuda", lambda: True)
    (tmp_path / "requirements.txt").write_text("# pins\ntorch==2.0.0\nother==1.0  # why\n")

    def installed(wanted="auto"):
        install.main(wanted, tmp_path / "requirements.txt")
        seen = subprocess.run([python, "-c", SEEN], check=True, capture_output=True, text=True).stdout
        return seen.split()

    return installed


DEFAULT = ["torch 2.0.0", "torch 2.1.0", "other 1.0", "more 3.0", "last 0.1"]
SEEN = "import importlib.metadata as m; print(*sorted(f'{d.name}=={d.version}' for d in m.distributions()))"


def test_small_build_without_a_card(machine, capfd):
    """And the pins are content with it."""
    assert machine() == ["other==1.0", "torch==2.0.0+cpu"]
    said = capfd.readouterr().out
    assert re.search(r"Installing torch, the CPU build.*\n(.*\n)*  done after \d+ s\nInstalling the other 1 pack", said)


def test_default_build_if_there_is_no_other(machine, install, monkeypatch):
    monkeypatch.setattr(install, "CPU", "http://127.0.0.1:9/simple")  # refused at once
    assert machine() == ["other==1.0", "torch==2.0.0"]


def test_default_build_if_the_other_breaks(machine, tmp_path, capfd):
    (tmp_path / "cpu" / "torch" / "torch-2.0.0+cpu-py3-none-any.whl").write_text("half of a file")
    assert machine() == ["other==1.0", "torch==2.0.0"]
    assert "  FAILED after" in capfd.readouterr().out


def test_all_parts_of_the_pins_are_installed(machine, install, tmp_path, monkeypatch):
    pins = "torch==2.0.0\nother==1.0  # why\nmore==3.0\nlast==0.1; python_version >= '3'\nno==1; sys_platform == 'no'\n"
    (tmp_path / "requirements.txt").write_text(pins)
    monkeypatch.setattr(install.os, "cpu_count", lambda: 3)
    assert machine() == ["last==0.1", "more==3.0", "other==1.0", "torch==2.0.0+cpu"]


@pytest.mark.parametrize(("stumble", "again"), [([], False), (["b"], True), (["b", "whole"], True)])
def test_what_one_pip_stumbles_over_a_single_one_tries_again(install, monkeypatch, capsys, stumble, again):
    asked = []

    def pip(*arguments, **_):
        part = "whole" if len(arguments) > 7 else arguments[-1]
        asked.append(part)
        return subprocess.CompletedProcess(arguments, int(part in stumble))

    monkeypatch.setattr(install.os, "cpu_count", lambda: 9)
    monkeypatch.setattr(install, "pip", pip)
    assert install.together("things", ["a", "b", "c", "d"]) == ("whole" not in stumble)
    assert sorted(asked) == ["a", "b", "c", "d"] + ["whole"] * again
    assert ("FAILED" in capsys.readouterr().out) == ("whole" in stumble)


def test_the_pins_are_complete():
    """As they must be, since each is installed without what it needs."""
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "No broken requirements found.\n")


def test_wish_that_cannot_be_granted_is_an_error(machine, install, monkeypatch):
    monkeypatch.setattr(install, "CPU", "file:///nowhere")
    with pytest.raises(SystemExit, match=r"torch 2.0.0 could not be installed; make TORCH="):
        machine("cpu")


def test_index_with_other_versions_does_not_offer_the_pinned_one(machine, install, tmp_path):
    address = index(tmp_path / "others", "torch 1.2.0.0+cpu", "torch 2.0.0.1+cpu", "torch 2.1.0+cpu")
    assert install.offers(address, "2.1.0+cpu")
    assert not install.offers(address, "2.0.0+cpu")


@pytest.mark.parametrize(
    ("wanted", "no_cuda", "versions"),
    [
        ("auto", True, ["2.0.0+cpu", "2.0.0"]),
        ("auto", False, ["2.0.0"]),
        ("cpu", False, ["2.0.0+cpu"]),
        ("default", True, ["2.0.0"]),
        ("https://example.org/simple", True, ["2.0.0"]),
    ],
)
def test_wishes_overrule(install, monkeypatch, wanted, no_cuda, versions):
    monkeypatch.setattr(install, "needs_no_cuda", lambda: no_cuda)
    monkeypatch.setattr(install, "offers", lambda index, version: True)
    tried = install.choices(wanted, "2.0.0")
    assert [arguments[-1] for _, arguments in tried] == [f"torch=={version}" for version in versions]
    assert [said for said, arguments in tried if "://" in wanted and wanted not in arguments] == []


@pytest.mark.parametrize(
    ("system", "tool", "no_cuda"),
    [("linux", None, True), ("linux", "/usr/bin/nvidia-smi", False), ("darwin", None, False)],
)
def test_card_is_seen(install, monkeypatch, system, tool, no_cuda):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(install.shutil, "which", lambda name: tool)
    monkeypatch.setattr(install, "DRIVER", Path("nowhere"))
    assert install.needs_no_cuda() == no_cuda
    monkeypatch.setattr(install, "DRIVER", ROOT)
    assert not install.needs_no_cuda()


def test_unknown_wish_is_refused(install):
    with pytest.raises(SystemExit, match=r"TORCH must be auto, cpu, default or the address .*, got 'gpu'"):
        install.choices("gpu", "2.0.0")


@pytest.mark.parametrize(("given", "passed"), [([], "auto"), (["TORCH=cpu"], "cpu")])
def test_make_passes_the_wish_on(given, passed):
    command = ["make", "--dry-run", "--always-make", "environment", *given]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f'.ci/install.py "{passed}"' in made
