"""Watches the hub of the main thread: how long each greenlet keeps it, and where it stands when it keeps it too long.

The tracer stamps every switch, so no block is missed and each has its exact duration. The watchdog is a thread on
original primitives that looks at the main thread's stack and system call once a block has lasted ``max_block``.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any

from .evidence import Block, FrameView, Sample, SlowCall, Who, view_stack
from .kernel import ThreadView, await_end
from .originals import primitive

MAX_SAMPLES = 40
CPU_READING = 0.001  # seconds between two readings of the processor clock, a slow system call
MAX_BLOCKS = 200
MAX_BEGUN = 5000
CLOSE_LOOK = 0.001  # seconds between two looks at a block in progress
STOP_TIMEOUT = 5.0


class Monitor:
    """Watches from :meth:`start` to :meth:`stop`, both called in the main thread.

    ``max_block`` in seconds; ``who`` says who a greenlet is, ``in_c`` what spawned one that is in C and has no frame;
    ``on_overdue`` is called once from the watchdog's thread when the repeat has lasted ``deadline`` seconds.
    """

    def __init__(
        self,
        max_block: float,
        who: Callable[[object], Who],
        deadline: float,
        on_overdue: Callable[[], None],
        in_c: Callable[[object], tuple[FrameView, ...]] = lambda greenlet: (),
    ) -> None:
        self._in_c = in_c
        self.blocks: list[Block] = []
        self.slow_calls: list[SlowCall] = []
        self.last_seen: dict[object, float] = {}
        self.begun: dict[object, float] = {}
        self.waited: set[object] = set()  # those that have gone on after giving way
        self.killed: set[object] = set()  # those into which an exception was thrown that no timer has brought
        self.switches = 0
        self._max_block = max_block
        self._who = who
        self._deadline = deadline
        self._on_overdue = on_overdue
        self._active: object = None
        self._since = self._cpu = self._cpu_at = self._collect_began = self._aside = 0.0
        self._collections: deque[tuple[float, float]] = deque(maxlen=256)
        self._samples: list[Sample] = []
        self._sampled_switch = -1
        self._previous: Callable[..., Any] | None = None
        lock = primitive("_thread", "allocate_lock")
        self._stop, self._stopped = lock(), lock()
        self._watchdog = 0

    def start(self) -> None:
        """Install the tracer and start the watchdog."""
        import greenlet
        from gevent import get_hub

        self._hub = get_hub()
        self._main = greenlet.getcurrent()
        self._ident = primitive("_thread", "get_ident")()
        self._view = ThreadView(threading.get_native_id())
        self._stop.acquire()
        self._stopped.acquire()
        gc.callbacks.append(self._on_collection)
        self._active = self._main
        self._began = self._since = self._cpu_at = perf_counter()
        self._cpu = thread_time()
        self._previous = greenlet.settrace(self._traced)
        primitive("_thread", "start_new_thread")(self._watch, ())

    def stop(self) -> None:
        """Take everything back; a block in progress is recorded as it stands."""
        import greenlet

        greenlet.settrace(self._previous)
        self._close(self._active, perf_counter())
        self._active = self._hub
        self._stop.release()
        self._stopped.acquire(timeout=STOP_TIMEOUT)
        await_end(self._watchdog, STOP_TIMEOUT)  # or a fork of the next repeat would be one beside a thread
        gc.callbacks.remove(self._on_collection)

    def begin_anew(self) -> None:
        """End the block in progress and begin another: nobody was there before who could be held up."""
        now = perf_counter()
        self._close(self._active, now)
        self._since = self._cpu_at = now
        self._cpu, self._aside = thread_time(), 0.0
        self.switches += 1

    def set_aside(self, seconds: float) -> None:
        """Take off ``seconds`` from the block in progress: they went into following the program."""
        self._aside += seconds

    def forget(self) -> None:
        """Let go of everything that belongs to the program."""
        self.begun.clear()
        self.waited.clear()
        self.killed.clear()
        self.last_seen.clear()
        self.blocks.clear()
        self.slow_calls.clear()
        self._samples = []
        self._active = self._main = self._hub = None
        self._on_overdue = _nothing

    def _traced(self, event: str, arguments: Any) -> None:
        # Runs at every switch: each line here is paid for by every program under test.
        now = perf_counter()
        hub = self._hub
        active = self._active
        if active is not hub:
            if active in self.last_seen:
                self.waited.add(active)
            self.last_seen[active] = now
            if now - self._since >= self._max_block:
                self._close(active, now)
            if self.slow_calls:
                self.slow_calls.clear()
        self._active = target = arguments[1]
        self._since = now
        if self._aside:
            self._aside = 0.0
        self.switches += 1
        if target is not hub:
            if now - self._cpu_at >= CPU_READING:
                self._cpu_at = now
                self._cpu = thread_time()
            if target not in self.begun and len(self.begun) < MAX_BEGUN:
                self.begun[target] = now
            if event == "throw" and not _is_timer(arguments[0]):
                self.killed.add(target)
        if self._previous is not None:
            self._previous(event, arguments)

    def _close(self, active: object, now: float) -> None:
        seconds = now - self._since - self._aside
        if active is self._hub or active is None or seconds < self._max_block:
            return
        if len(self.blocks) >= MAX_BLOCKS:
            return
        samples = tuple(self._samples) if self._sampled_switch == self.switches else ()
        if not samples:
            samples = tuple(Sample(now, id(active), (frame,), None) for frame in self._in_c(active))
        calls = tuple(self.slow_calls)
        self.slow_calls.clear()
        since = self._since
        collecting = sum(seconds for ended, seconds in list(self._collections) if ended > since)
        # Before the block began the thread ran at most as long as the clock says.
        cpu = max(0.0, thread_time() - self._cpu - (since - self._cpu_at) - collecting - self._aside)
        block = Block(self._who(active), seconds, cpu, collecting, samples, calls, since)
        self.blocks.append(block)

    def current_block(self) -> Block | None:
        """Return the block in progress as it stands; for the watchdog's thread."""
        now = perf_counter()
        active = self._active
        if active is self._hub or active is None or now - self._since < self._max_block:
            return None
        samples = tuple(self._samples) if self._sampled_switch == self.switches else ()
        return Block(self._who(active), now - self._since, 0.0, 0.0, samples)

    def _on_collection(self, phase: str, info: object) -> None:
        now = perf_counter()
        if phase == "start":
            self._collect_began = now
        else:
            self._collections.append((now, now - self._collect_began))

    def _watch(self) -> None:
        self._watchdog = threading.get_native_id()
        try:
            pause = self._max_block / 2
            overdue = False
            while not self._stop.acquire(timeout=pause):
                switch, since, active = self.switches, self._since, self._active
                now = perf_counter()
                if not overdue and now - self._began >= self._deadline:
                    overdue = True
                    self._on_overdue()
                pause = self._max_block / 2
                if active is self._hub or active is None:
                    continue
                age = now - since
                if age < self._max_block:
                    # Look again when the block is just old enough, not half a period later.
                    pause = min(pause, max(CLOSE_LOOK, self._max_block - age))
                    continue
                if self._sampled_switch != switch:
                    self._samples = []
                    self._sampled_switch = switch
                if len(self._samples) < MAX_SAMPLES:
                    self._sample(switch, now)
                    pause = self._next_look(len(self._samples))
        finally:
            self._stopped.release()

    def _next_look(self, looks: int) -> float:
        if looks < 8:
            return CLOSE_LOOK
        return float(min(1.0, 2 * self._max_block * 2 ** max(0, (looks - 16) // 2)))

    def _sample(self, switch: int, now: float) -> None:
        frame = sys._current_frames().get(self._ident)
        if frame is not None and frame.f_code is Monitor._on_collection.__code__:
            frame = frame.f_back  # C code that makes many objects lets others look there, and nowhere else
        active = self._active
        if self.switches != switch:
            return
        if frame is None:
            spawned = self._in_c(active)
            if spawned:
                sleeping = self._view.sleeping()
                if self.switches == switch:
                    self._samples.append(Sample(now, id(active), spawned, sleeping))
            return
        lasti = frame.f_lasti
        last = self._samples[-1] if self._samples else None
        same = last is not None and last.identity == id(frame) and last.frames[0].stands(frame)
        frames = last.frames if last is not None and same else view_stack(frame)
        # The stack first: asking the kernel lets the main thread run, and its block may end meanwhile.
        self._samples.append(Sample(now, id(frame), frames, None))
        sleeping = self._view.sleeping()
        if sleeping is not None and self.switches == switch and frame.f_lasti == lasti:
            self._samples[-1] = Sample(now, id(frame), frames, sleeping)


def _is_timer(hub: Any) -> bool:
    """Return whether the hub, which has just thrown an exception into a greenlet, does so for a timer of gevent's."""
    frame = hub.gr_frame
    return frame is not None and frame.f_code.co_name == "_on_expiration"


def _nothing() -> None:
    """Stand in for a callback that is over."""
