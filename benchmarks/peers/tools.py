"""The tools that are compared: the command for each, and what it found."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .drivers.result import MARK

HERE = Path(__file__).resolve().parent
DRIVERS = HERE / "drivers"
GRACE = 15.0
"""Seconds beyond its time that a tool's process has to start and to come to an end."""
ERROR_KEPT = 400  # characters
ITERATIONS = 10_000_000
TIMES = "times.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """``found``: yes, no, None where the tool could not tell; ``schedules`` run, ``seconds`` to the first failure or in
    all, and a remark; ``explained``: seconds in all, where the failure was shortened and explained, too."""

    found: bool | None
    schedules: int
    seconds: float
    note: str = ""
    explained: float | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """``command`` returns the arguments after the folder of the environment's programs, and the process's variables."""

    name: str
    command: Callable[[Path, str, float, Path], tuple[list[str], dict[str, str]]]
    controls: bool = True
    """Whether it chooses the schedules: a deadlock is then a finding, and otherwise only a test that does not end."""


def _pytest(binaries: Path, driver: str, folder: Path, *arguments: str) -> list[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    return [
        *(str(binaries / "python"), "-m", "pytest", "-s", "-q", "-p", "no:cacheprovider"),
        *("-c", str(folder / "pytest.ini"), f"--rootdir={HERE}", *arguments, str(DRIVERS / driver)),
    ]


def _ours(binaries: Path, program: str, seconds: float, folder: Path) -> tuple[list[str], dict[str, str]]:
    budget = ["--concurrency-schedules=100000000", f"--concurrency-max-seconds={seconds}"]
    report = f"--concurrency-report=json:{folder / 'report.json'}"
    others = ("-p", "no:frontrun", "-p", "no:run_parallel", "-p", "no:race")
    clock = ("-p", "peers_clock")  # beside the rootdir: what lies below is instrumented
    command = _pytest(
        binaries, "test_ours.py", folder, *others, *clock, *budget, report, "--concurrency-include=statsd"
    )
    return command, {"PEERS_PROGRAM": program, "PEERS_TIMES": str(folder / TIMES)}


def _frontrun(strategy: str) -> Callable[[Path, str, float, Path], tuple[list[str], dict[str, str]]]:
    def command(binaries: Path, program: str, seconds: float, folder: Path) -> tuple[list[str], dict[str, str]]:
        driver = [str(DRIVERS / "frontrun_driver.py"), program, str(seconds), strategy]
        return [str(binaries / "frontrun"), str(binaries / "python"), *driver], {}

    return command


def _run_parallel(binaries: Path, program: str, seconds: float, folder: Path) -> tuple[list[str], dict[str, str]]:
    from .programs import chosen

    threads = f"--parallel-threads={len(chosen(program).workers)}"
    command = _pytest(binaries, "test_run_parallel.py", folder, threads, f"--iterations={ITERATIONS}")
    return command, {"PEERS_PROGRAM": program, "PEERS_SECONDS": str(seconds)}


def _race(binaries: Path, program: str, seconds: float, folder: Path) -> tuple[list[str], dict[str, str]]:
    command = _pytest(binaries, "test_race.py", folder)
    return command, {"PEERS_PROGRAM": program, "PEERS_SECONDS": str(seconds)}


def _plain(binaries: Path, program: str, seconds: float, folder: Path) -> tuple[list[str], dict[str, str]]:
    return [str(binaries / "python"), str(DRIVERS / "plain.py"), program, str(seconds)], {}


TOOLS: tuple[Tool, ...] = (
    Tool("pytest-concurrency", _ours),
    Tool("frontrun dpor", _frontrun("dpor")),
    Tool("frontrun random", _frontrun("random")),
    Tool("pytest-run-parallel", _run_parallel, controls=False),
    Tool("pytest-race", _race, controls=False),
    Tool("plain threads, 1 us", _plain, controls=False),
)


def run(tool: Tool, binaries: Path, program: str, seconds: float) -> Finding:
    """Run ``program`` under ``tool``, which has ``seconds``; end its process when it has told or is late."""
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        folder = Path(name)
        command, variables = tool.command(binaries, program, seconds, folder)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHON", "COV_"))}
        environment = {**kept, **variables, "PYTHONPATH": str(HERE.parent)}
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            line, output = _listen(process, began + seconds + GRACE)
            ended = process.poll() is not None or line is None
            if ended and process.poll() is None and time.monotonic() < began + seconds + GRACE:
                process.wait(timeout=GRACE)
        finally:
            _end(process)
        report = folder / "report.json"
        if report.exists():
            return _from_report(report)
        if line is not None:
            told = json.loads(line)
            return Finding(told["found"], told["schedules"], told["seconds"], told["note"])
        spent = time.monotonic() - began
        if spent >= seconds + GRACE:
            return Finding(None if tool.controls else True, 0, spent, "hangs")
        return Finding(None, 0, spent, output[-ERROR_KEPT:])


def _listen(process: subprocess.Popen[bytes], until: float) -> tuple[str | None, str]:
    """Read what the process prints, to the line with the finding, its end, or the time ``until``."""
    assert process.stdout is not None
    text = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < until:
            if not selector.select(timeout=min(0.5, max(0.0, until - time.monotonic()))):
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            text += chunk
            start = text.find(MARK.encode())
            if start >= 0 and b"\n" in text[start:]:
                return text[start + len(MARK) :].split(b"\n", 1)[0].decode(), ""
    return None, text.decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # a session of its own: nobody else is in it
        except ProcessLookupError:
            pass
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _from_report(path: Path) -> Finding:
    (test,) = json.loads(path.read_text())["tests"]
    errors = [hazard for hazard in test["hazards"] if hazard["severity"] == "error"]
    if not errors:
        failed = test["outcome"] != "passed"
        return Finding(
            None if failed else False, test["schedules"], test["seconds"], "failed at once" if failed else ""
        )
    first = min(hazard["schedule"] for hazard in errors)
    ended = json.loads((path.parent / TIMES).read_text())
    return Finding(True, first, ended[str(first)], errors[0]["code"], explained=test["seconds"])
