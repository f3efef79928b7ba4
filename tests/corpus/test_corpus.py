"""Runs the corpus in a real pytest and judges what the plugin says of each file.

``buggy/``: every file holds one concurrency bug. ``EXPECT["codes"]`` are the hazards of which one must be
reported as an error, ``EXPECT["max_schedule"]`` is the last schedule that may show it (None: any within the
default budget), and the lines at fault end in ``# BUG``. ``correct/``: nothing may be reported as an error;
most are twins of a buggy file.

Files are run many to a process, with the defaults for ``buggy/`` and a smaller budget for ``correct/``. Only
files that were selected are run, so ``-k NAME`` is quick. The environment variables ``CORPUS_SCHEDULES`` and
``CORPUS_SECONDS`` set another budget for ``correct/``.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency.hazards import CATALOGUE

CORPUS = Path(__file__).parent
LINE_MARK = "# BUG"
BATCH = 24
BATCH_SECONDS = 180.0
ALONE_SECONDS = 30.0
OUTPUT_KEPT = 4000  # characters
SCHEDULES = os.environ.get("CORPUS_SCHEDULES", "60")
SECONDS = os.environ.get("CORPUS_SECONDS", "1.5")


@dataclass(frozen=True)
class Case:
    """One file of the corpus; ``codes`` is empty for a correct one."""

    folder: str
    name: str
    codes: tuple[str, ...] = ()
    max_schedule: int | None = None

    @property
    def path(self) -> Path:
        return CORPUS / self.folder / f"{self.name}.py"


def _cases(folder: str) -> list[Case]:
    cases = []
    for path in sorted((CORPUS / folder).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "def test_" not in text:
            continue  # a helper module that a test imports
        expect = _expectation(text)
        cases.append(Case(folder, path.stem, tuple(expect.get("codes", ())), expect.get("max_schedule")))
    return cases


def _expectation(text: str) -> dict[str, Any]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXPECT":
            expect: dict[str, Any] = ast.literal_eval(node.value)
            return expect
    return {}


BUGGY = _cases("buggy")
CORRECT = _cases("correct")


@dataclass(frozen=True)
class Outcome:
    """What a file's tests came to: their entries in the JSON report, and the end of the process's output."""

    tests: tuple[dict[str, Any], ...]
    output: str


def _run(cases: list[Case], folder: Path, seconds: float) -> dict[Case, Outcome] | None:
    """Run ``cases`` in one pytest process; return None where it wrote no report within ``seconds``."""
    report = folder / "report.json"
    budget = [f"--concurrency-schedules={SCHEDULES}", f"--concurrency-max-seconds={SECONDS}"]
    command = [
        sys.executable, "-m", "pytest", "-v", "--tb=short", "-c", os.devnull, f"--rootdir={CORPUS}",
        "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cov",
        f"--concurrency-report=json:{report}",
        *(budget if cases[0].folder == "correct" else []),
        *[str(case.path) for case in cases],
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    try:
        done = subprocess.run(
            command, cwd=CORPUS, env=environment, timeout=seconds, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    if not report.exists():
        return None if len(cases) > 1 else {cases[0]: Outcome((), done.stdout[-OUTPUT_KEPT:])}
    found = json.loads(report.read_text(encoding="utf-8"))["tests"]
    return {
        case: Outcome(
            tuple(test for test in found if test["nodeid"].startswith(f"{case.folder}/{case.name}.py::")),
            done.stdout[-OUTPUT_KEPT:],
        )
        for case in cases
    }


@pytest.fixture(scope="module")
def outcome_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Outcome]:
    """Return a function from a case to its outcome; a batch is run when its first file is asked for."""
    params = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    selected = [spec.params["case"] for spec in params if spec is not None and "case" in spec.params]
    outcomes: dict[Case, Outcome] = {}

    def outcome(case: Case) -> Outcome:
        if case not in outcomes:
            same = [other for other in selected if other.folder == case.folder]
            start = same.index(case) // BATCH * BATCH
            batch = same[start : start + BATCH]
            found = _run(batch, tmp_path_factory.mktemp("batch"), BATCH_SECONDS)
            if found is None:  # one file hung or crashed the process: find out which
                for other in batch:
                    alone = _run([other], tmp_path_factory.mktemp("alone"), ALONE_SECONDS)
                    hung = Outcome((), f"did not end within {ALONE_SECONDS:.0f} s")
                    outcomes[other] = hung if alone is None else alone[other]
            else:
                outcomes.update(found)
        return outcomes[case]

    return outcome


def _marked(location: dict[str, Any], folder: str) -> bool:
    path = CORPUS / folder / Path(location["path"]).name
    if not path.exists():
        return False
    lines = path.read_text(encoding="utf-8").splitlines()
    number = int(location["line"])
    return 0 < number <= len(lines) and lines[number - 1].endswith(LINE_MARK)


def _summary(tests: tuple[dict[str, Any], ...]) -> str:
    return "\n".join(
        f"{test['nodeid']}: {test['outcome']} after {test['schedules']} schedules\n"
        + "\n".join(
            f"  {h['code']} {h['severity']} at schedule {h['schedule']}: {h['message']}\n"
            + "\n".join(f"    {x['path']}:{x['line']} {x['action']} {x['target']}" for x in h["locations"])
            for h in test["hazards"]
        )
        for test in tests
    )


@pytest.mark.parametrize("case", BUGGY, ids=lambda case: case.name)
def test_bug_is_found(case: Case, outcome_of: Callable[[Case], Outcome]) -> None:
    outcome = outcome_of(case)
    assert outcome.tests, f"not in the report\n{outcome.output}"
    said = _summary(outcome.tests)
    assert any(test["outcome"] == "failed" for test in outcome.tests), said
    errors = [h for test in outcome.tests for h in test["hazards"] if h["severity"] == "error"]
    named = [h for h in errors if h["code"] in case.codes]
    assert named, f"none of {case.codes} was reported as an error\n{said}"
    placed = [h for h in named if any(_marked(location, case.folder) for location in h["locations"])]
    assert placed, f"no location is a line marked {LINE_MARK!r}\n{said}"
    if case.max_schedule is not None:
        assert min(h["schedule"] for h in placed) <= case.max_schedule, said


@pytest.mark.parametrize("case", CORRECT, ids=lambda case: case.name)
def test_nothing_is_reported(case: Case, outcome_of: Callable[[Case], Outcome]) -> None:
    outcome = outcome_of(case)
    assert outcome.tests, f"not in the report\n{outcome.output}"
    said = _summary(outcome.tests)
    assert all(test["outcome"] == "passed" for test in outcome.tests), f"{said}\n{outcome.output}"
    assert not [h for test in outcome.tests for h in test["hazards"] if h["severity"] == "error"], said


@pytest.mark.parametrize("case", BUGGY, ids=lambda case: case.name)
def test_buggy_file_says_what_to_expect(case: Case) -> None:
    folder = case.path.parent
    text = case.path.read_text(encoding="utf-8")
    helpers = [p.read_text(encoding="utf-8") for p in folder.glob("*.py") if f"import {p.stem}\n" in text]
    assert case.codes
    assert all(code in CATALOGUE for code in case.codes)
    assert any(line.endswith(LINE_MARK) for part in (text, *helpers) for line in part.splitlines())


@pytest.mark.parametrize("case", CORRECT, ids=lambda case: case.name)
def test_correct_file_has_no_mark(case: Case) -> None:
    text = case.path.read_text(encoding="utf-8")
    assert LINE_MARK not in text
    assert not _expectation(text)


def test_every_probe_has_a_twin() -> None:
    correct = {case.name for case in CORRECT}
    probes = [case.name for case in BUGGY if case.name.startswith("probe_")]
    assert len(probes) >= 40
    assert [name for name in probes if name not in correct] == []
