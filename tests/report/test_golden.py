"""A failing terminal report, whole. ``REWRITE_GOLDENS=1`` writes the files anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

GOLDENS = Path(__file__).parent / "goldens"

SOURCES = {
    "lost_update": """
        def test_transfer(thread_runner):
            account = {"balance": 100}

            def deposit():
                balance = account["balance"]
                account["balance"] = balance + 10

            thread_runner.run(deposit, deposit)
            assert account["balance"] == 120
        """,
    "deadlock": """
        import threading

        first, second = threading.Lock(), threading.Lock()

        def forwards():
            with first:
                with second:
                    pass

        def backwards():
            with second:
                with first:
                    pass

        def test_locks(thread_runner):
            thread_runner.run(forwards, backwards)
        """,
}


def normalised(text: str) -> str:
    """Return the report from the heading of the failures on, without what changes from run to run."""
    text = text[text.index("= FAILURES =") :]
    text = text[text.index("\n") + 1 :]
    text = re.sub(r"--concurrency-replay=\S+", "--concurrency-replay=TOKEN", text)
    text = re.sub(r"Python \d+\.\d+ with", "Python X.Y with", text)
    text = re.sub(r"\b(Schedule |stressed, )\d+", r"\1N", text)
    text = re.sub(r" at 0x[0-9a-f]+", " at 0xADDRESS", text)
    text = re.sub(r" in [0-9.]+s( \([0-9:]+\))?", " in SECONDS", text)
    lines = [line.strip("= ") if line.startswith("==") else line.rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", SOURCES)
def test_the_whole_report(pytester, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "100")
    pytester.makepyfile(test_it=SOURCES[name])
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider", "--color=no")
    shown = normalised(result.stdout.str())
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("REWRITE_GOLDENS"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
