"""The watchdog: notices a worker that blocks in a call which the engine does not control, and the end of real time.

One thread for the time of one stressed test, started below :mod:`threading`: that module's code is instrumented
meanwhile, and whoever lists threads does not meet it. A worker counts as blocked when its thread has used no CPU time
over several looks although it holds the baton; it then loses the baton and waits for its turn when it comes back. So
does one that computes for a large part of the time that a run has. When a run is given up, whoever does not come to a
scheduling point is ended by :mod:`.interrupting`.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, start_new_thread
from types import CodeType
from typing import TYPE_CHECKING, Any

from ..realtime import RealTime
from ..state import STATE
from .fairness import begin_early
from .interrupting import Interrupter, LastResort, MainSignal
from .kernel import used_and_asleep
from .outside_calls import expire, make_external, poke
from .polling import watch_closely

if TYPE_CHECKING:
    from .execution import Execution
    from .worker import Worker

LOOK_SECONDS = 0.02
KNOWN_SECONDS = 0.005
"""The same once it is known where workers block: there they count as blocked at the second look."""
IDLE_SECONDS = 0.003
"""Seconds between two looks while the baton lies idle."""
COMPUTING_SHARE = 0.25
"""Part of a run's ``timeout`` that a worker may compute without a scheduling point before the others go on, too."""
LONG_SHARE = 0.25
"""Part of a run's ``timeout`` after which it goes on in fair turns."""
ENDING_SECONDS = 2.0
COAST_LOOKS = 25
"""Looks at a worker that computes on its own before the sites of a run that goes by unwatched are on again."""
BLIND_LOOKS = 2
"""Looks at a worker that runs without a scheduling point before its functions are watched closely."""
LOOKS = 3
"""Looks without CPU time or progress before a worker counts as blocked."""


class Watchdog:
    """Watch whatever run is current until :meth:`stop`."""

    def __init__(self, stream: Any = None) -> None:
        self._stop = allocate_lock()
        self._stop.acquire()
        self._ended = allocate_lock()
        self._last: tuple[object, ...] = ()
        self._same = self._computing = 0
        self._since = 0.0
        self._cpu = 0.0
        self._places: set[tuple[CodeType, int]] = set()
        self._interrupter = Interrupter()
        self._main_signal = MainSignal()
        self._last_resort = LastResort(stream)

    def start(self) -> None:
        """Begin to watch."""
        self._main_signal.begin()
        self._last_resort.begin()
        self._ended.acquire()
        start_new_thread(self._watch, ())

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._stop.release()
        self._ended.acquire(timeout=ENDING_SECONDS)
        self._last_resort.end()
        self._main_signal.end()

    def _watch(self) -> None:
        try:
            while not self._stop.acquire(timeout=self._pause()):
                self._look()
        finally:
            self._ended.release()

    def _pause(self) -> float:
        if STATE.run is not None and STATE.run.idle:
            return IDLE_SECONDS
        return KNOWN_SECONDS if self._places else LOOK_SECONDS

    def _look(self) -> None:
        run = STATE.run
        if run is None:
            self._last_resort.rearm()
            self._same = 0
            return
        self._last_resort.rearm(run.timeout)
        moment = RealTime.monotonic()
        if moment > run.deadline:
            expire(run, f"a schedule did not end within {run.timeout:g} s")
        elif moment > run.deadline - (1 - LONG_SHARE) * run.timeout:
            begin_early(run)
        if run.aborting:
            self._interrupter.look(run, self._main_signal)
        if run.idle:
            poke(run)
            return
        worker = run.current
        now = (id(run), worker, run.steps, len(run.switches), run.taken_up)
        cpu, sleeps = _spent(worker.native_id) if worker is not None and worker.native_id else (0.0, False)
        if now != self._last:
            self._since = moment
        if now != self._last or cpu - self._cpu > 0.002 or not sleeps:
            self._computing = self._computing + 1 if now == self._last else 0
            seldom = self._computing & (self._computing - 1) == 0  # each time after twice as many looks
            if self._computing >= BLIND_LOOKS and seldom and worker is not None and not run.coasting:
                watch_closely(run, worker)
            if self._computing > (COAST_LOOKS if run.coasting else 0):  # it may spin on a site that was silenced
                for site in tuple(run.saturated):
                    site.off = False
                    site.hits = 0
                if moment - self._since > COMPUTING_SHARE * run.timeout:
                    self._let_compute(run, worker)
            self._last, self._same, self._cpu = now, 0, cpu
            return
        self._same += 1
        if (
            worker is None
            or not run.taken_up
            or not worker.started
            or worker.done
            or not (self._places or self._same >= LOOKS)
        ):
            return
        frame = sys._current_frames().get(worker.ident)
        if frame is None:
            return
        place = (frame.f_code, frame.f_lasti)
        path, line = frame.f_code.co_filename, frame.f_lineno
        del frame
        if self._same >= (LOOKS * LOOK_SECONDS / KNOWN_SECONDS if self._places else LOOKS) or place in self._places:
            self._same = 0
            self._places.add(place)
            make_external(run, worker, path, line)

    def _let_compute(self, run: Execution, worker: Worker | None) -> None:
        """Let the others go on beside ``worker``: with the interpreter's own switches it would not keep them either."""
        frame = sys._current_frames().get(worker.ident) if worker is not None and run.live > 1 else None
        if worker is not None and frame is not None and worker.inside:
            make_external(run, worker, frame.f_code.co_filename, frame.f_lineno)


def _spent(native_id: int) -> tuple[float, bool]:
    """Return the CPU seconds that a thread has used and whether it sleeps in the kernel.

    Where the kernel does not tell, the clock of the process stands in: it moves while any thread computes.
    """
    known = used_and_asleep(native_id)
    return (RealTime.process_time(), True) if known is None else (known[0] / 1e9, known[1])
