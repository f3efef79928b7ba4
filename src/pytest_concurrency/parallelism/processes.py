"""What would processes give? Runs a body that can be pickled in fresh interpreters, alone and together."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable

from ..realtime import RealTime
from .model import ProcessFigure

# A fresh interpreter and not multiprocessing: that would fork with threads running, or import the main
# program again.
_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from pytest_concurrency.parallelism.child import main; main()"
)


class _Child:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="parallelism-reader", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line.decode())
        self._answers.put("")

    def ask(self, text: bytes = b"go\n") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def answer(self, deadline: float) -> str:
        """Return the next line; raise queue.Empty at the deadline and OSError if the child is gone."""
        line = self._answers.get(timeout=max(0.0, deadline - RealTime.monotonic()))
        if not line:
            raise OSError("the child has ended")
        return line

    def close(self) -> None:
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._reader.join(1)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def in_processes(body: Callable[[], object], workers: int, repeats: int, deadline: float) -> ProcessFigure | None:
    """Run ``body`` ``repeats`` times in each of ``workers`` fresh processes and return what that gives.

    ``deadline`` is a time of ``time.monotonic``. Returns None where the body cannot be pickled, fails in another
    process (a module that cannot be imported there), or does not end in time.
    """
    try:
        payload = pickle.dumps((body, repeats))
    except Exception:
        return None
    children: list[_Child] = []
    try:
        for _ in range(workers):
            children.append(_Child())
        for child in children:
            child.ask(payload)
        for child in children:
            child.answer(deadline)
        children[0].ask()
        alone, alone_cpu = map(float, children[0].answer(deadline).split())
        began = RealTime.perf_counter()
        for child in children:
            child.ask()
        cpu = [float(child.answer(deadline).split()[1]) for child in children]
        together = RealTime.perf_counter() - began
    except (OSError, queue.Empty, ValueError):
        return None
    finally:
        for child in children:
            child.close()
    cores = usable_cores()
    idle = min(workers, cores) * min(1.0, alone_cpu / max(statistics.fmean(cpu), 1e-9))
    return ProcessFigure(workers, cores, workers * alone / together, idle)


def usable_cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
