"""Run the same programs under this plugin, frontrun, pytest-run-parallel, pytest-race and plain threads.

    python -m benchmarks.peers                      find the bugs, and find nothing in the corrected twins
    python -m benchmarks.peers --rounds 9           the time to the first failure, medians of so many rounds
    python -m benchmarks.peers --cost               what one schedule costs, as a multiple of plain threads
    python -m benchmarks.peers --python 3.12        the Python of the environment (default: this one)

The tools take turns at each program and have the same wall time for it. Makes a virtual environment with uv.
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from ..real_bugs import environments
from .programs import BUGGY
from .tools import TOOLS, Finding, Tool, run

REQUIREMENTS = ["frontrun", "pytest-run-parallel", "pytest-race", "statsd==3.0"]
WIDTH = 21


def _cell(finding: Finding) -> str:
    if finding.found is None:
        return "hangs" if finding.note == "hangs" else "cannot tell"
    if not finding.found:
        return f"no ({finding.schedules})"
    if finding.note == "hangs":
        return "hangs"
    if not finding.schedules:
        return f"raised in {finding.seconds:.2f} s"
    explained = f" ({finding.explained:.2f})" if finding.explained is not None else ""
    return f"{finding.schedules} in {finding.seconds:.2f} s{explained}"


def race(tools: list[Tool], names: list[str], binaries: Path, seconds: float, rounds: int) -> bool:
    """Print the time to the first failure, medians of ``rounds`` in turn; return whether this plugin's is nowhere
    longer than another's."""
    print(f"Milliseconds to the first failure (least to most), and schedules: medians of {rounds} rounds.\n")
    rows: list[tuple[str, list[str]]] = []
    middles: dict[str, list[float]] = {tool.name: [] for tool in tools}
    for name in names:
        findings: dict[str, list[Finding]] = {tool.name: [] for tool in tools}
        for number in range(rounds):
            for tool in tools[number % len(tools) :] + tools[: number % len(tools)]:
                findings[tool.name].append(run(tool, binaries, name, seconds))
        cells = []
        for tool in tools:
            found = sorted(1000 * f.seconds for f in findings[tool.name] if f.found)
            # a round in which nothing was found took longer than any in which something was
            whole = found + [math.inf] * (rounds - len(found))
            middles[tool.name].append(middle := statistics.median_low(whole))
            schedules = statistics.median_low([f.schedules for f in findings[tool.name]])
            cell = f"{middle:.0f} ({found[0]:.0f} to {found[-1]:.0f}), {schedules}" if middle < math.inf else "no"
            cells.append(cell + (f"; found {len(found)} of {rounds}" if len(found) < rounds else ""))
            print(f"{tool.name:<20} {name}: {cells[-1]}", file=sys.stderr, flush=True)
        rows.append((name, cells))
    print(_table("program with a bug", rows, tools))
    print()
    least = [min(row) for row in zip(*middles.values(), strict=True)]
    for tool, times in ((tool.name, middles[tool.name]) for tool in tools):
        first = sum(one == best for one, best in zip(times, least, strict=True))
        print(f"{tool}: the least time for {first} of {len(names)}")
    return middles[tools[0].name] == least


def _table(head: str, rows: list[tuple[str, list[str]]], tools: list[Tool]) -> str:
    lines = [f"| {head} | " + " | ".join(tool.name for tool in tools) + " |", "| --- |" + " --- |" * len(tools)]
    return "\n".join([*lines, *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows)])


def find(tools: list[Tool], names: list[str], binaries: Path, seconds: float) -> bool:
    """Print the table of what was found; return whether this plugin found all and nothing in the twins."""
    print(
        f"Schedules to the first failure and seconds (in brackets: until it was shortened and explained, too); no (N): "
        f"not found in N schedules. {seconds:g} s each.\n"
    )
    buggy: list[tuple[str, list[str]]] = []
    twins: list[tuple[str, list[str]]] = []
    missed: dict[str, list[str]] = {tool.name: [] for tool in tools}
    false: dict[str, list[str]] = {tool.name: [] for tool in tools}
    notes: list[str] = []
    for name in names:
        for kind, rows in (("", buggy), ("twin of ", twins)):
            cells = []
            for tool in tools:
                finding = run(tool, binaries, kind + name, seconds)
                cells.append(_cell(finding) if not kind else _twin_cell(finding))
                wrong = finding.found is not True if not kind else finding.found is not False
                if wrong:
                    (false if kind else missed)[tool.name].append(name)
                if finding.found is None or (kind and wrong):
                    notes.append(f"{tool.name}, {kind}{name}: {finding.note or 'no reason given'}")
                print(f"{tool.name:<20} {kind}{name}: {cells[-1]} {finding.note}", file=sys.stderr, flush=True)
            rows.append((name, cells))
    print(_table("program with a bug", buggy, tools))
    print()
    print(_table("corrected twin", twins, tools))
    print()
    for tool in tools:
        print(
            f"{tool.name}: {len(names) - len(missed[tool.name])} of {len(names)} found; "
            f"twins not passed: {', '.join(false[tool.name]) or 'none'}"
        )
    for note in notes:
        print(f"- {' '.join(note.split())}")
    ours = tools[0].name
    return not missed[ours] and not false[ours]


def _twin_cell(finding: Finding) -> str:
    if finding.found is None:
        return _cell(finding)
    return f"FALSE ALARM at {finding.schedules}" if finding.found else f"passed ({finding.schedules})"


def cost(tools: list[Tool], binaries: Path, seconds: float) -> None:
    """Print what one schedule of a locked counter costs under each tool, as a multiple of plain threads."""
    plain = next(tool for tool in TOOLS if tool.name.startswith("plain"))
    print(f"One schedule as a multiple of one run on plain threads; {seconds:g} s each.\n")
    rows = []
    for workers in (2, 4, 8):
        for iterations in (1, 100, 10_000, 1_000_000):
            program = f"long {workers} {iterations} locked"
            base = run(plain, binaries, program, seconds)
            unit = base.seconds / max(1, base.schedules)
            cells = []
            for tool in tools:
                finding = base if tool is plain else run(tool, binaries, program, seconds)
                if finding.found is not False or not finding.schedules:
                    cells.append("none ended" if not finding.schedules else _twin_cell(finding))
                else:
                    cells.append(f"{finding.seconds / finding.schedules / unit:.2g}")
                print(f"{tool.name:<20} {program}: {cells[-1]} {finding}", file=sys.stderr, flush=True)
            rows.append((f"{workers} workers, {iterations:,} iterations ({unit * 1e6:,.0f} us)", cells))
    print(_table("program (one plain run)", rows, tools))


def long_counter(tools: list[Tool], binaries: Path, seconds: float, repeats: int) -> None:
    """Print what each tool makes of the unlocked counter with a million iterations."""
    print(f"\nThe unlocked counter, 2 workers, 1,000,000 iterations each; {seconds:g} s each, median of {repeats}.\n")
    rows: list[str] = []
    for tool in tools:
        findings = [run(tool, binaries, "long 2 1000000 unlocked", seconds) for _ in range(repeats)]
        found = sorted((f for f in findings if f.found), key=lambda f: f.seconds)
        middle = statistics.median(f.seconds for f in findings)
        cell = f"{len(found)} of {repeats} found" + (f", {found[len(found) // 2].schedules} schedules" if found else "")
        rows.append(f"| {tool.name} | {cell} | {middle:.2f} s | {' '.join(findings[0].note.split())[:80]} |")
        print(rows[-1], file=sys.stderr, flush=True)
    print("| tool | outcome | seconds | remark |\n| --- | --- | --- | --- |\n" + "\n".join(rows))


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, run, print; return 1 where this plugin missed a bug or reported a twin."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cache = Path(tempfile.gettempdir(), "pytest-concurrency-peers")
    parser.add_argument("--python", default=sys.executable, help="of the environment, as uv takes it")
    parser.add_argument("--environment", type=Path, default=cache, help=f"where it is kept (default {cache})")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each tool and program (default 5)")
    parser.add_argument("--only", default="", help="programs, with commas; " + ", ".join(BUGGY))
    parser.add_argument("--tools", default="", help="with commas; " + ", ".join(tool.name for tool in TOOLS))
    parser.add_argument("--rounds", type=int, default=0, help="measure the time to the first failure so many times")
    parser.add_argument("--cost", action="store_true", help="measure the cost of schedules instead")
    options = parser.parse_args(arguments)
    names = [name for name in options.only.split(",") if name] or list(BUGGY)
    wanted = [name for name in options.tools.split(",") if name]
    unknown = [name for name in names if name not in BUGGY]
    unknown += [name for name in wanted if name not in {tool.name for tool in TOOLS}]
    if unknown:
        parser.error(f"no such program or tool: {', '.join(unknown)}")
    tools = [tool for tool in TOOLS if not wanted or tool.name in wanted]
    version = environments.version_of(options.python)
    folder = options.environment / f"{version[0]}.{version[1]}"
    binaries = environments.make(folder, options.python, REQUIREMENTS).parent
    print(f"Python {version[0]}.{version[1]} on {platform.system()} {platform.machine()}")
    print(", ".join(environments.versions(folder, ["frontrun", "pytest-run-parallel", "pytest-race", "pytest"])))
    print()
    if options.cost:
        cost(tools, binaries, options.seconds)
        long_counter(tools, binaries, 10.0, 3)
        return 0
    if options.rounds:
        return 0 if race(tools, names, binaries, options.seconds, options.rounds) else 1
    return 0 if find(tools, names, binaries, options.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
