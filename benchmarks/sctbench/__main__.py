"""Measure how many schedules each strategy needs to find the bug of each SCTBench program.

``python -m benchmarks.sctbench`` prints the median over the seeds beside the published means, how many preemptions
the shortened schedules have, and whether they still fail when they are replayed;
``python -m benchmarks.sctbench --twins`` runs the corrected twins and prints what was reported: nothing, if
all is well. What ``auto`` does not prove is then given to ``dpor``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .registry import ALL, EXTRA_TWINS, PROGRAMS, STRATEGIES, Program, select

PROOF = 10_000
"""Distinct interleavings up to which a twin is to be explored completely."""
LIMITS = "1,000 schedules (reorder_100, twostage_100: 2,000)"


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure: ``cap`` is in schedules, ``max_seconds`` in seconds for one program."""

    programs: tuple[Program, ...]
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    cap: int
    max_seconds: float
    extra: tuple[str, ...] = ()


def run_pytest(
    nodeids: Sequence[str], strategy: str, seed: int, cap: int, max_seconds: float, extra: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Run the tests in one pytest process and return the test objects of its JSON report, by ``nodeids``.

    Raise RuntimeError with the process's output where a result is missing.
    """
    with tempfile.TemporaryDirectory(prefix="sctbench-") as folder:
        report = Path(folder, "report.json")
        command = [
            *(sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=no", "--show-capture=no"),
            # without the cache no failure of an earlier run is tried first
            *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cov"),
            *(f"--rootdir={PROGRAMS}", f"--confcutdir={PROGRAMS}", "-c", str(Path(folder, "pytest.ini"))),
            *("--concurrency-strategy", strategy, "--concurrency-seed", str(seed)),
            *("--concurrency-schedules", str(cap), "--concurrency-max-seconds", str(max_seconds)),
            *("--concurrency-report", f"json:{report}"),
            *extra,
            *(str(PROGRAMS / nodeid) for nodeid in nodeids),
        ]
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROGRAMS)
        if not report.exists():
            raise RuntimeError(f"no report from {' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        tests = {test["nodeid"].rsplit("/", 1)[-1]: test for test in json.loads(report.read_text())["tests"]}
        missing = [nodeid for nodeid in nodeids if nodeid not in tests]
        if missing:
            raise RuntimeError(f"no result for {', '.join(missing)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return tests


def first_failure(test: dict[str, Any]) -> int | None:
    """Return the number of the first schedule with an error, None where none was found.

    A program that fails in its very first, serial schedule has an ordinary failure and no hazard.
    """
    found = [hazard["schedule"] for hazard in test["hazards"] if hazard["severity"] == "error"]
    return min(found, default=1 if test["outcome"] == "failed" and test["schedules"] == 1 else None)


def measure(options: Options) -> tuple[dict[tuple[str, str], list[int | None]], dict[str, Shortened]]:
    """Return the schedules to the first failure, by (program, strategy), for each seed (None: not found), and what the
    shortened schedules came to, by strategy. Those of the first seed are replayed."""
    found: dict[tuple[str, str], list[int | None]] = {}
    shortened = {strategy: Shortened() for strategy in options.strategies}
    for strategy in options.strategies:
        for seed in options.seeds:
            nodeids = [program.nodeid for program in options.programs]
            began = time.monotonic()
            tests = run_pytest(nodeids, strategy, seed, options.cap, options.max_seconds, options.extra)
            for program in options.programs:
                found.setdefault((program.name, strategy), []).append(first_failure(tests[program.nodeid]))
                token = shortened[strategy].take(tests[program.nodeid])
                if token and seed == options.seeds[0]:
                    shortened[strategy].replay(program.nodeid, token, seed)
            missed = sum(found[program.name, strategy][-1] is None for program in options.programs)
            print(
                f"{strategy} seed {seed}: {time.monotonic() - began:.0f} s, {missed} not found",
                file=sys.stderr,
            )
    return found, shortened


@dataclass(slots=True)
class Shortened:
    """The shortened failing schedules of one strategy: their preemptions, and how many were replayed and failed."""

    preemptions: list[int] = field(default_factory=list)
    replayed: int = 0
    failed_again: int = 0

    def take(self, test: dict[str, Any]) -> str:
        """Note the first error of ``test``; return its replay token, empty where it has none."""
        errors = [h for h in test["hazards"] if h["severity"] == "error" and h["replay"]]
        if not errors:
            return ""
        self.preemptions.append(errors[0]["preemptions"])
        return str(errors[0]["replay"])

    def replay(self, nodeid: str, token: str, seed: int) -> None:
        """Run the test once more under the schedule of ``token``."""
        again = run_pytest([nodeid], "auto", seed, 1, 30.0, ["--concurrency-replay", token])[nodeid]
        self.replayed += 1
        self.failed_again += first_failure(again) is not None

    def __str__(self) -> str:
        mean = statistics.mean(self.preemptions) if self.preemptions else 0.0
        return (
            f"{len(self.preemptions)} shortened schedules with {mean:.2f} preemptions on average; "
            f"{self.failed_again} of {self.replayed} replayed ones fail again"
        )


def median(values: Sequence[int | None], cap: int) -> float | None:
    """Return the median, a trial without a find counting as above ``cap``; None where the median is such."""
    middle = statistics.median([float("inf") if value is None else value for value in values])
    return None if middle > cap else middle


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def table(found: dict[tuple[str, str], list[int | None]], options: Options) -> str:
    """Return the table: for each strategy the median, the published mean and how many seeds found the bug."""
    seeds = len(options.seeds)
    lines = [
        f"Schedules to the first failure: median of {seeds} seeds / published mean;",
        f"-: not within {options.cap} schedules; in brackets: how many seeds found it, where not all did.",
        "",
        f"{'program':<18}" + "".join(f"{strategy:>22}" for strategy in options.strategies),
    ]
    for program in options.programs:
        cells = []
        for strategy in options.strategies:
            values = found[program.name, strategy]
            hits = sum(value is not None for value in values)
            brackets = "" if hits == seeds else f" ({hits}/{seeds})"
            cell = f"{_figure(median(values, options.cap))} / {_figure(program.mean(strategy))}{brackets}"
            cells.append(f"{cell:>22}")
        lines.append(f"{program.name:<18}" + "".join(cells))
    return "\n".join([*lines, "", *claims(found, options)])


def claims(found: dict[tuple[str, str], list[int | None]], options: Options) -> list[str]:
    """Return the sentences that say which programs were not always found, or are slower than published."""
    lines = []
    for strategy in options.strategies:
        missed = [p.name for p in options.programs if None in found[p.name, strategy]]
        lines.append(f"{strategy}: always found, except: {', '.join(missed) or 'none'}.")
        slower = []
        for program in options.programs:
            mean = program.mean(strategy)
            middle = median(found[program.name, strategy], options.cap)
            if mean is not None and (middle is None or middle > 2 * mean):
                slower.append(program.name)
        if strategy != "auto":
            lines.append(f"{strategy}: median above twice the published mean: {', '.join(slower) or 'none'}.")
        else:
            late = [
                p.name for p in options.programs if any((v or p.limit + 1) > p.limit for v in found[p.name, strategy])
            ]
            lines.append(f"auto: not found by every seed within {LIMITS}: {', '.join(late) or 'none'}.")
    return lines


def twins(options: Options) -> tuple[str, bool]:
    """Run the corrected twins; return the table and whether nothing at all was reported.

    Those that no strategy explored completely are given to ``dpor`` with as many schedules as a proof may take.
    """
    named = [(program.name, program.twin) for program in options.programs]
    if options.programs == ALL:
        named += EXTRA_TWINS
    lines = [f"{'twin of':<28}{'strategy':<10}{'schedules':>10}{'exhaustive':>12}{'seconds':>9}  reported"]
    clean = True
    proven: set[str] = set()
    for strategy, cap in [*((strategy, options.cap) for strategy in options.strategies), ("dpor", PROOF)]:
        wanted = named if strategy != "dpor" else [(name, nodeid) for name, nodeid in named if nodeid not in proven]
        for seed in options.seeds if wanted else ():
            nodeids = [nodeid for _, nodeid in wanted]
            tests = run_pytest(nodeids, strategy, seed, cap, options.max_seconds, options.extra)
            proven |= {nodeid for nodeid in nodeids if tests[nodeid]["exhaustive"]}
            for name, nodeid in wanted:
                test = tests[nodeid]
                reported = "; ".join(f"{h['code']} {h['message']}" for h in test["hazards"])
                if test["outcome"] != "passed":
                    reported = reported or f"outcome {test['outcome']}"
                clean = clean and not reported
                lines.append(
                    f"{name:<28}{strategy:<10}{test['schedules']:>10}{test['exhaustive']!s:>12}"
                    f"{test['seconds']:>9.2f}  {reported or 'nothing'}"
                )
                if strategy == "dpor" and not test["exhaustive"]:
                    lines += [f"    {note}" for note in test["notes"]]
    lines += [
        "",
        f"{len(proven)} of {len(named)} explored completely; reported: {'nothing' if clean else 'see above'}.",
    ]
    return "\n".join(lines), clean


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure and print; return the exit status (1: a twin was reported)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sctbench", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds, from 1 (default 20; with --twins 1)")
    parser.add_argument("--strategies", default=None, help=f"comma-separated (default {','.join(STRATEGIES)})")
    parser.add_argument("--programs", default=None, help="comma-separated names; reorder* for a family")
    parser.add_argument("--cap", type=int, default=None, help="schedules (default 10000; with --twins 2000)")
    parser.add_argument("--max-seconds", type=float, default=300.0, help="seconds for each program and seed")
    parser.add_argument("--twins", action="store_true", help="run the corrected twins instead")
    parser.add_argument("--pytest-arg", action="append", default=[], help="hand this to pytest; repeatable")
    given = parser.parse_args(arguments)
    try:
        programs = select(given.programs)
    except ValueError as error:
        parser.error(str(error))
    seeds = 1 if given.twins and given.seeds == 20 else given.seeds
    options = Options(
        programs=programs,
        strategies=tuple((given.strategies or ("auto" if given.twins else ",".join(STRATEGIES))).split(",")),
        seeds=tuple(range(1, seeds + 1)),
        cap=given.cap or (2000 if given.twins else 10000),
        max_seconds=given.max_seconds,
        extra=tuple(given.pytest_arg),
    )
    if given.twins:
        text, clean = twins(options)
        print(text)
        return 0 if clean else 1
    found, shortened = measure(options)
    print(table(found, options))
    for strategy, schedules in shortened.items():
        print(f"{strategy}: {schedules}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
