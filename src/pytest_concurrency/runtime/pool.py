"""Threads that carry workers from run to run: waking one up costs a tenth of starting one.

A pooled thread gives each worker an empty context (:mod:`contextvars`). ``threading.local`` values would survive from
run to run: where the code under test may use them the threads are fresh for each run.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from _thread import allocate_lock, get_ident

from .carrier import CarrierThread
from .control import uncontrolled
from .execution import Execution
from .interrupting import contained
from .lifecycle import begin, finish
from .worker import Worker

JOIN_SECONDS = 2.0


class _Carrier:
    """One thread and the worker that it is to carry next."""

    def __init__(self, name: str) -> None:
        self.gate = allocate_lock()
        self.gate.acquire()
        self.worker: Worker | None = None
        self.run: Execution | None = None
        self.closing = False
        self.native_id = 0
        self.thread = CarrierThread(target=self._loop, name=name, daemon=True)
        self.thread.start()

    def _loop(self) -> None:
        self.native_id = threading.get_native_id()
        while True:
            self.gate.acquire()
            run, worker = self.run, self.worker
            if self.closing or run is None or worker is None:
                return
            _carry(run, worker)
            self.run = self.worker = None
            finish(run, worker)
            del run, worker


def _carry(run: Execution, worker: Worker) -> None:
    begin(run, worker)
    if run.aborting:
        return
    body, worker.body = worker.body, _begun  # what it refers to is let go with the work, not with the run
    worker.result, worker.error = contained(worker, functools.partial(contextvars.Context().run, body))  # type: ignore[arg-type]


def _begun() -> None:
    """Stand in for the body of a worker that has begun."""


class ThreadPool:
    """Carriers for the workers of :func:`.lifecycle.run_callables`."""

    def __init__(self) -> None:
        self._reuse = True
        self._carriers: list[_Carrier] = []

    def prepare(self, count: int) -> None:
        """Have ``count`` carriers ready: to start them while the code of :mod:`threading` is instrumented costs more
        than most runs."""
        while len(self._carriers) < count:
            self._carriers.append(_Carrier(f"stress-{len(self._carriers)}"))

    def carry(self, run: Execution, worker: Worker) -> None:
        """Give ``worker`` a thread; it begins when it is first chosen."""
        carrier = next((c for c in self._carriers if c.worker is None), None)
        if carrier is None:
            with uncontrolled():
                carrier = _Carrier(f"stress-{len(self._carriers)}")
            self._carriers.append(carrier)
        carrier.run = run
        carrier.worker = worker
        worker.gate = carrier.gate
        worker.ident = carrier.thread.ident or 0
        worker.native_id = carrier.native_id
        worker.thread = carrier.thread
        run.by_ident[worker.ident] = worker

    def after_run(self, uses_thread_locals: bool) -> None:
        """Between runs: let go of threads that must not be used again."""
        if uses_thread_locals:
            self._reuse = False
        if not self._reuse:
            self.close()

    def close(self) -> None:
        """End the idle threads; one that is stuck in a worker is left behind as a daemon."""
        for carrier in self._carriers:
            if carrier.worker is None:
                carrier.closing = True
                carrier.gate.release()
        for carrier in self._carriers:
            if carrier.closing and carrier.thread.ident != get_ident():
                carrier.thread.join(JOIN_SECONDS)
        self._carriers.clear()
