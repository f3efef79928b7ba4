"""The printed command replays the failure when it is pasted into a shell where pytest was started."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_concurrency.report.replaying import command

TEST = """
import pytest

class Counter:
    value = 0

@pytest.mark.parametrize("name", ["a b", "it's", 'say "x"', "x[y]", "ü", "$HOME `ls` !!", "a::b", "a/b", "back\\\\slash"])
@pytest.mark.stress_threads
def test_count(name, counter):
    counter.value += 1

@pytest.fixture
def counter():
    return Counter()
"""


@pytest.mark.skipif(os.name == "nt", reason="quoted for a POSIX shell")
@pytest.mark.parametrize(
    ("start", "arguments"),
    [
        ("project", []),
        ("project/some tests", []),
        (".", ["project"]),
        ("project", ["--rootdir=.."]),
        ("project", ["--import-mode", "importlib"]),
        ("project/some tests", ["-c", "../other.ini", "-p", "no:cacheprovider"]),
    ],
)
def test_commands_are_taken_by_a_shell(pytester, start, arguments):
    folder = pytester.path / "project" / "some tests"
    folder.mkdir(parents=True)
    (folder / "test_it.py").write_text(TEST, encoding="utf-8")
    for name in ("pytest.ini", "other.ini"):
        (pytester.path / "project" / name).write_text("[pytest]\n", encoding="utf-8")
    directory = pytester.path / start

    def run(words: list[str]) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=directory, capture_output=True, text=True, timeout=300, check=False
        )
        return done.stdout + done.stderr

    commands = re.findall("^Replay: (.*)", run(["pytest", *arguments]), re.MULTILINE)
    assert len(commands) == 9
    for line in commands[1:2] if arguments else commands:
        words = subprocess.run(
            ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        shown = run(words)
        assert "CH101 lost update" in shown, line
        assert "1 failed" in shown, line


class Config:
    """What the command is made from."""

    def __init__(self, arguments: str, root: str = "/p", start: str = "/p", ini: str | None = "/p/pytest.ini") -> None:
        self.invocation_params = self
        self.args, self.dir = shlex.split(arguments), Path(start)
        self.rootpath, self.inipath = Path(root), ini


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config("-v tests --lf -n 2"), "'t/test_a.py::test'"),
        (
            Config("-p mine -pother -p no:that -pno:this --rootdir /p -x"),
            "'t/test_a.py::test' -p mine -pother --rootdir /p",
        ),
        (Config("--stress-threads=4 -o 'a=b c'"), "'t/test_a.py::test' --stress-threads=4 -o 'a=b c'"),
        (Config("", start="/p/t"), "'test_a.py::test'"),
        (Config("", start="/p/u", ini=None), "'../t/test_a.py::test' --rootdir=.."),
        (Config("-v --rootdir", ini=None), "'t/test_a.py::test'"),
        (Config("-- -p"), "'t/test_a.py::test'"),
    ],
)
def test_what_of_the_command_line_is_carried_on(config, expected):
    assert command(config, "t/test_a.py::test", "TOKEN") == f"pytest {expected} --concurrency-replay=TOKEN"
