"""Look for real defects in released packages, each in the version that has it and in the one that mended it.

    python -m benchmarks.real_bugs                       all of them
    python -m benchmarks.real_bugs --only pykka          one, or several with commas
    python -m benchmarks.real_bugs --python 3.11         the Python of the environments (default: this one)

The version with the defect runs with the plugin's default settings and the ``include`` in its scenario; the mended one
runs 1,000 schedules, and nothing may be reported.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import environments
from .registry import BUGS, Bug, select

SCENARIOS = Path(__file__).with_name("scenarios")
OUTPUT_KEPT = 3000  # characters


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run of a scenario came to; ``seconds`` are those of the test, ``schedule`` the first that failed."""

    code: str | None
    schedule: int | None
    schedules: int
    seconds: float
    reported: str


def run(bug: Bug, interpreter: Path, arguments: list[str], seconds: float) -> Verdict:
    """Run the scenario of ``bug`` once in a process of its own, ended after ``seconds``."""
    with tempfile.TemporaryDirectory(prefix="real-bugs-") as folder:
        report = Path(folder, "report.json")
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        command = [
            *(str(interpreter), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(Path(folder, "pytest.ini"))),
            *(f"--rootdir={SCENARIOS}", f"--concurrency-report=json:{report}", *arguments),
            str(SCENARIOS / bug.scenario),
        ]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHON", "COV_"))}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, env=environment
            )
        except subprocess.TimeoutExpired:
            return Verdict(None, None, 0, seconds, f"did not end within {seconds:.0f} s")
        tests = json.loads(report.read_text())["tests"] if report.exists() else []
        if len(tests) != 1:
            return Verdict(None, None, 0, 0.0, (done.stdout + done.stderr)[-OUTPUT_KEPT:])
    return _judge(bug, tests[0], done.stdout)


def _judge(bug: Bug, test: dict[str, Any], output: str) -> Verdict:
    errors = [hazard for hazard in test["hazards"] if hazard["severity"] == "error"]
    named = sorted((h for h in errors if h["code"] in bug.codes), key=lambda hazard: hazard["schedule"])
    reported = "; ".join(f"{h['code']} {h['message']}" for h in test["hazards"])
    if not reported and test["outcome"] != "passed":
        reported = f"outcome {test['outcome']}\n{output[-OUTPUT_KEPT:]}"
    first = named[0] if named else None
    return Verdict(
        first["code"] if first else None,
        first["schedule"] if first else None,
        test["schedules"],
        test["seconds"],
        reported,
    )


def environment(bug: Bug, mended: bool, python: str, folder: Path) -> Path:
    """Return the interpreter of the environment with the mended version of the package, or with the buggy one."""
    version = bug.version(mended)
    return environments.make(
        folder / f"{bug.name}-{version}-{python.replace(os.sep, '_')}",
        python,
        [f"{bug.package}=={version}", *bug.extra],
    )


def measure(bug: Bug, options: argparse.Namespace) -> tuple[str, float, bool]:
    """Return the row of ``bug``, the median of its seconds, and whether all is as it should be."""
    head = f"{bug.name:<15}{bug.buggy:<9}{bug.mended:<9}"
    buggy = environment(bug, False, options.python, options.environments)
    runs = [
        run(bug, buggy, [] if seed is None else [f"--concurrency-seed={seed}"], options.seconds)
        for seed in ([None] if options.seeds == 0 else range(1, options.seeds + 1))
    ]
    hits = [verdict for verdict in runs if verdict.code]
    seconds = statistics.median(verdict.seconds for verdict in runs)
    if hits:
        codes = ",".join(sorted({verdict.code for verdict in hits if verdict.code}))
        schedule = statistics.median(verdict.schedule or 0 for verdict in hits)
        found = f"{len(hits)}/{len(runs)} {codes:<12}{schedule:>9g}{seconds:>8.2f}"
    else:
        found = f"0/{len(runs)} {'NOT FOUND':<12}{'-':>9}{seconds:>8.2f}"
    interpreter = environment(bug, True, options.python, options.environments)
    budget = [f"--concurrency-schedules={options.schedules}", f"--concurrency-max-seconds={options.seconds / 2}"]
    twin = run(bug, interpreter, budget, options.seconds)
    row = f"{head}{found}{twin.schedules:>11}{twin.seconds:>8.1f}  {twin.reported or 'nothing'}"
    if len(hits) < len(runs) or options.verbose:
        row += "".join(f"\n    {verdict.reported or 'nothing was reported'}" for verdict in runs)
    return row, seconds, len(hits) == len(runs) and not twin.reported


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, run the scenarios and print the table; return 1 where not all is as it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_bugs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cache = Path(tempfile.gettempdir(), "pytest-concurrency-real-bugs")
    parser.add_argument("--only", default="", help="names with commas; " + ", ".join(bug.name for bug in BUGS))
    parser.add_argument("--python", default=sys.executable, help="of the environments, as uv takes it")
    parser.add_argument("--environments", type=Path, default=cache, help=f"where they are kept (default {cache})")
    parser.add_argument("--schedules", type=int, default=1000, help="of the mended version (default 1000)")
    parser.add_argument("--seeds", type=int, default=0, help="run the version with the defect with seeds 1 to this")
    parser.add_argument("--seconds", type=float, default=240.0, help="after which a run is ended (default 240)")
    parser.add_argument("--verbose", action="store_true", help="print what was reported for the defect, too")
    options = parser.parse_args(arguments)
    try:
        bugs = select([name for name in options.only.split(",") if name])
    except ValueError as error:
        parser.error(str(error))
    version = environments.version_of(options.python)
    print(f"{'':<33}{'with the defect':<32}{'mended':>8}")
    print(
        f"{'package':<15}{'defect':<9}{'mended':<9}{'hits':<5}{'code':<10}{'schedule':>9}{'s':>8}"
        f"{'schedules':>11}{'s':>8}  reported"
    )
    well, times = True, []
    for bug in bugs:
        if bug.newest is not None and version > bug.newest:
            print(f"{bug.name:<15}{bug.buggy:<9}{bug.mended:<9}needs Python {bug.newest[0]}.{bug.newest[1]} or older")
            continue
        row, seconds, good = measure(bug, options)
        print(row, flush=True)
        times.append(seconds)
        well = well and good
    if times:
        print(
            f"\nmedian {statistics.median(times):.2f} s, longest {max(times):.2f} s on Python {version[0]}.{version[1]}"
        )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
