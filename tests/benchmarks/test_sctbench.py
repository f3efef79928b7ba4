"""The SCTBench table: every program has a test and a twin, and the figures are what the reports say."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.sctbench.registry")


@pytest.fixture
def command(registry):
    return importlib.import_module("benchmarks.sctbench.__main__")


def test_every_program_has_a_test_and_a_corrected_twin(registry, tmp_path):
    config = tmp_path / "pytest.ini"
    config.write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-c", str(config)]
        + [f"--rootdir={registry.PROGRAMS}", *map(str, sorted(registry.PROGRAMS.glob("[a-z]*.py")))],
        capture_output=True,
        text=True,
        cwd=registry.PROGRAMS,
    )
    collected = {line.rsplit("/", 1)[-1] for line in done.stdout.splitlines() if "::" in line}
    wanted = {program.nodeid for program in registry.ALL} | {program.twin for program in registry.ALL}
    assert collected == wanted | {nodeid for _, nodeid in registry.EXTRA_TWINS}, done.stdout + done.stderr


def test_select(registry):
    assert [program.name for program in registry.select("reorder_1*,account")] == [
        "reorder_10",
        "reorder_100",
        "account",
    ]
    assert registry.select(None) == registry.ALL
    with pytest.raises(ValueError, match="'nonsense' is not one of account"):
        registry.select("nonsense")


def test_the_first_failure_is_the_first_error(command):
    def found(*hazards, outcome="failed", schedules=9):
        listed = [{"severity": severity, "schedule": number} for severity, number in hazards]
        return command.first_failure({"hazards": listed, "outcome": outcome, "schedules": schedules})

    assert found(("error", 7), ("error", 3), ("warning", 1)) == 3
    assert found(("warning", 1), outcome="passed") is None
    assert found(schedules=1) == 1  # an ordinary failure
    assert found() is None


def test_the_median_counts_what_was_not_found(command):
    assert command.median([1, 2, None], 100) == 2
    assert command.median([1, None, None], 100) is None


def test_the_table(command, registry):
    programs = registry.select("account,reorder_10")
    options = command.Options(programs, ("surw", "pos"), (1, 2), 50, 1.0)
    found = {
        ("account", "surw"): [6, 8],
        ("account", "pos"): [20, 30],
        ("reorder_10", "surw"): [17, None],
        ("reorder_10", "pos"): [None, None],
    }
    lines = command.table(found, options).splitlines()
    assert lines[4].split() == ["account", "7", "/", "6", "25", "/", "4"]
    assert lines[5].split() == ["reorder_10", "-", "/", "17", "(1/2)", "-", "/", "-", "(0/2)"]
    assert lines[-4:] == [
        "surw: always found, except: reorder_10.",
        "surw: median above twice the published mean: reorder_10.",
        "pos: always found, except: reorder_10.",
        "pos: median above twice the published mean: account.",
    ]


def test_a_wrong_name_is_one_sentence(command, capsys):
    with pytest.raises(SystemExit):
        command.main(["--programs", "nonsense"])
    assert "'nonsense' is not one of" in capsys.readouterr().err
