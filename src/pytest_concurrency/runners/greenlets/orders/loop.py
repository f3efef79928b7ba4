"""Stands in for ``hub.loop`` in an explored run: what is ready next is chosen, not taken as it comes.

Only orders that gevent itself can produce are offered:

- Callbacks (``run_callback``: a spawned greenlet's start, ``sleep(0)``, the wake-ups of locks, events, queues and
  links) run first in, first out, always.
- Workers that the runner starts may arrive at any moment, in any order: they stand for requests.
- I/O that is ready is handled in any order among itself, before the callbacks that it gives rise to or after them.
- Timers fire in the order of their deadlines. Those that only the time spent computing tells apart may change places,
  unless one was started first and for no longer. The loop finds them due at once, and turns to the callbacks that one
  of them gives rise to only when the others have fired, or it finds the later ones due a moment after those callbacks.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from gevent import Greenlet, get_hub, getcurrent

from .timers import VirtualTimer
from .watchers import HeldWatcher

NEAR = 0.0005
"""Seconds by which two deadlines may be apart and still be told apart only by the time that computing took."""
BATCH = 50
"""Callbacks after which gevent looks for timers and I/O although more callbacks are waiting."""
LATEST_ARRIVAL = 1.0
"""Virtual seconds by which workers that all run one function may come later than the first."""
MOST_JUMPS = 20_000
"""Jumps of the virtual clock after which a run is given up: the program polls for something that never comes."""
SPIN = 0.0001
"""Virtual seconds that a callback takes after so many of them: a program may wait for the clock without sleeping."""
MOST_CALLBACKS = 20_000
"""Callbacks without a timer, I/O or a new worker in between after which a run is given up likewise."""
MOST_LOOKS = 500
"""Looks at the clock without giving way after which each takes SPIN: a program may wait for it without sleeping."""
STALL, SHORT_STALL = 0.3, 0.05
"""Real seconds without I/O after which the greenlet whose turn it is in a serial run is taken to serve others;
the latter where it is known that one does."""
MOST_NAPS, FEW_NAPS = 1000, 3
"""Timers that may fire in the turn of one greenlet until it is taken for one that serves others, too: in virtual time,
and in real time in which nothing else happens."""
PATIENT_WAITS = 40
"""Times that a patient run waits for further I/O before it handles what is ready."""


class Entry:
    """Something ready to be called in the hub; has the interface of gevent's own callback objects."""

    __slots__ = ("args", "callback", "seq", "spawner")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...], seq: int, spawner: object = None) -> None:
        self.callback: Callable[..., Any] | None = callback
        self.args: tuple[Any, ...] | None = args
        self.seq = seq
        self.spawner = spawner

    def stop(self) -> None:
        """Make sure that it is never called."""
        self.callback = self.args = None

    close = stop

    @property
    def pending(self) -> bool:
        return self.callback is not None

    def __bool__(self) -> bool:
        return self.args is not None


Choose = Callable[[Sequence[Entry]], int]


class ExploredLoop:
    """A proxy for the loop ``real``; see the module's text.

    ``choose`` gets two or more entries, the one that gevent would call first, and returns the index of one.
    ``serial``: greenlets start one after the other, each when the one before has ended; ``reverse``: the last first.
    One that never ends since it serves the others ends the run, or, with ``serving``, is left to wait. ``patience``:
    seconds to wait for more I/O before what is ready is handled. ``real_time``: timers take their time from the
    beginning; where that is ``real_allowed``, they do so once anything is waited for that is neither a callback nor a
    timer. ``outside`` says whether anybody else may come in, a native thread or a process; ``give_up`` is told why the
    order cannot be chosen any more.
    """

    def __init__(
        self,
        real: Any,
        choose: Choose,
        *,
        serial: bool = False,
        serving: bool = False,
        reverse: bool = False,
        real_allowed: bool = True,
        patience: float = 0.0,
        real_time: bool = False,
        outside: Callable[[], bool] = lambda: False,
        give_up: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self.real = real
        self.closed = False
        self.real_time = real_time
        self.timers: set[VirtualTimer] = set()
        self.ready: list[Entry] = []
        self.jumps = 0
        self._choose = choose
        self._serial = serial
        self._serving = serving
        self._last_event, self._naps = perf_counter(), 0  # but for timers; those that fired since
        self._reverse = reverse
        self._real_allowed = real_allowed
        self._patience = patience
        self._waits = 0
        self._outside = outside
        self._tell = give_up
        self._given_up = False
        self._fifo: deque[Entry] = deque()
        self._arrivals: list[Entry] = []
        self._alike = False
        self._arriving = False
        self._latest = 0.0
        self._turns: dict[object, Any] = {}  # by spawner: the greenlet whose end a serial run waits for
        self._hub = get_hub()
        self._seq = 0
        self._armed = False
        self._in_batch = False
        self._due_until, self._due_seq = 0.0, 0  # the batch of timers that one look at the clock finds due
        self._since_event = 0
        self._polled = False
        self._waking: Any = None
        self._now = 0.0
        self._looks = 0
        self._skew = 0.0
        self._began = perf_counter()
        self._base = real.now()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @property
    def error_handler(self) -> Any:
        return self.real.error_handler

    @error_handler.setter
    def error_handler(self, value: Any) -> None:
        self.real.error_handler = value

    # -- time

    def elapsed(self) -> float:
        """Return the seconds since the run began, virtual ones where nothing real is waited for."""
        if self.real_time:
            return perf_counter() - self._began + self._skew
        return self._now

    def looked_at(self) -> float:
        """Return :meth:`elapsed` to a program that looks at the clock."""
        if not self.real_time:
            self._looks += 1
            if self._looks > MOST_LOOKS:
                self._now += SPIN
        return self.elapsed()

    def tick(self) -> float:
        """Return :meth:`elapsed` and let a moment pass, so that no two readings are the same."""
        if not self.real_time:
            self._now += 1e-6
        return self.elapsed()

    def now(self) -> float:
        """Return the loop's notion of the current time."""
        return float(self._base + self.elapsed())

    def update_now(self) -> None:
        """Do nothing: the time of an explored loop is never stale."""

    update = update_now

    def become_real(self) -> None:
        """From now on a second takes a second."""
        if self._given_up:
            return  # what makes the loop busy is the end of the run
        if not self.real_time:
            self._skew = self._now - (perf_counter() - self._began)
            self.real_time = True
        if not self._real_allowed:
            self._give_up("it takes long, and waits for more than timers")

    def _give_up(self, reason: str) -> None:
        self._given_up = True
        self._tell(reason)

    # -- what programs ask of a loop

    def next_seq(self) -> int:
        """Return the next number in the order of events."""
        self._seq += 1
        return self._seq

    def run_callback(self, func: Callable[..., Any], *args: Any) -> Any:
        """Queue ``func(*args)``; as gevent's own loop does."""
        if self.closed:
            return self.real.run_callback(func, *args)
        entry = Entry(func, args, self.next_seq())
        if (self._arriving or self._serial) and _starts_greenlet(func):
            entry.spawner = getcurrent()
            # What the hub starts, a server's handler say, is part of what somebody waits for.
            held = self._arriving or entry.spawner is not self._hub
            (self._arrivals if held else self._fifo).append(entry)
        else:
            self._fifo.append(entry)
        self.arm()
        return entry

    def turn_of(self, func: Callable[..., Any], args: tuple[Any, ...], spawner: object) -> Entry | None:
        """Return what waits for its turn in a serial run where ``func``, which a timer of ``spawner`` calls now, lets a
        greenlet begin; None where it can be called."""
        if not self._serial or spawner is self._hub or not _starts_greenlet(func):
            return None
        entry = Entry(func, args, self.next_seq(), spawner)
        self._arrivals.append(entry)
        return entry

    def timer(self, after: float, repeat: float = 0.0, ref: bool = True, priority: int | None = None) -> Any:
        """Return a timer whose seconds are those of :meth:`elapsed`."""
        if self.closed:
            return self.real.timer(after, repeat, ref, priority)
        return VirtualTimer(self, after, repeat, ref, priority)

    def io(self, *args: Any, **kwargs: Any) -> Any:
        """Return an I/O watcher whose events are held until they are chosen."""
        watcher = self.real.io(*args, **kwargs)
        return watcher if self.closed else HeldWatcher(self, watcher)

    def async_(self, *args: Any, **kwargs: Any) -> Any:
        """Return a real watcher: another thread is at work, and takes real time."""
        self.become_real()
        return self.real.async_(*args, **kwargs)

    def child(self, *args: Any, **kwargs: Any) -> Any:
        """Return a real watcher: another process is at work."""
        self.become_real()
        return self.real.child(*args, **kwargs)

    def signal(self, *args: Any, **kwargs: Any) -> Any:
        """Return a real watcher: a signal comes when it comes."""
        self.become_real()
        return self.real.signal(*args, **kwargs)

    def stat(self, *args: Any, **kwargs: Any) -> Any:
        """Return a real watcher: a file changes when somebody changes it."""
        self.become_real()
        return self.real.stat(*args, **kwargs)

    @contextmanager
    def arriving(self, alike: bool) -> Iterator[None]:
        """Take greenlets that are started in this block for workers that come when they like.

        ``alike``: all run one function, so that none can count on another's having started at the same moment.
        """
        self._arriving, self._alike = True, alike
        self._latest = self.elapsed() + LATEST_ARRIVAL
        try:
            yield
        finally:
            self._arriving = False

    # -- the pump

    def arm(self) -> None:
        """See to it that the hub comes by."""
        if not self._armed and not self.closed:
            self._armed = True
            self.real.run_callback(self._pump)

    def close(self) -> None:
        """Let everything through from now on; what is still queued goes to the real loop."""
        self.closed = True
        self._turns.clear()
        if self._waking is not None:
            self._waking.close()
            self._waking = None
        for entry in (*self._fifo, *self._arrivals, *self.ready):
            if entry.callback is not None:
                self.real.run_callback(entry.callback, *(entry.args or ()))
        self._fifo.clear()
        self._arrivals.clear()
        self.ready.clear()
        for timer in sorted(self.timers, key=lambda t: t.seq):
            timer.hand_over()
        self.timers.clear()

    def _pump(self) -> None:
        self._armed = False
        self._looks = 0
        if self.closed:
            return
        if self._waking is not None:
            self._waking.close()
            self._waking = None
        entry = self._next()
        if entry is None:
            return
        callback, args = entry.callback, entry.args or ()
        entry.callback = None
        if callback is not None:
            try:
                callback(*args)
            except BaseException:
                self.real.handle_error(entry, *sys.exc_info())
        entry.args = None
        if not self.closed:
            self.arm()

    def _next(self) -> Entry | None:
        """Take out what is to be called next; None where there is nothing to do before the real loop wakes us."""
        fifo = self._fifo
        while fifo and fifo[0].callback is None:
            fifo.popleft()
        self.ready = [entry for entry in self.ready if entry.callback is not None]
        self._arrivals = [entry for entry in self._arrivals if entry.callback is not None]
        offered: list[Entry] = []
        if self._since_event > MOST_CALLBACKS:
            self._give_up("it spins without waiting for anything")
        if self._since_event >= BATCH and self._arrivals and not self._serial:
            return self._take(self._arrivals[0])  # nobody else may keep it from coming for ever
        if self._since_event >= BATCH and fifo:  # it looks for timers and I/O now, whatever else is waiting
            if not self.real_time:
                self._now += SPIN
            waiting = self._due() or self.ready
            if waiting:
                return self._take(self._chosen(waiting))
        if self.ready and (not fifo or self._in_batch):
            if self._more_may_come():
                return None
            offered += self.ready
        if fifo:
            if self._in_batch:
                offered += self._due_at_once()
            offered.append(fifo[0])
        offered += self._admitted(bool(offered))
        if not offered or (self._alike and len(offered) == len(self._arrivals) and self._may_come_later()):
            if not offered and not self._polled and self._is_busy():
                self._polled = True
                self._wait(0.0)
                return None
            timers = self._next_timers(bool(offered))
            if not offered and not timers:
                if self._arrivals and self._waking is None:
                    self._wait(SHORT_STALL)  # to see whether anything has come of waiting
                return None
            offered += timers
        return self._take(self._chosen(offered))

    def _chosen(self, offered: list[Entry]) -> Entry:
        offered = sorted(offered, key=lambda e: e.seq)
        return offered[self._choose(offered)] if len(offered) > 1 else offered[0]

    def _take(self, entry: Entry) -> Entry:
        """Remove ``entry`` from where it waits."""
        self._polled = False
        if self._fifo and entry is self._fifo[0]:
            self._fifo.popleft()
            self._in_batch = False
            self._since_event += 1
            return entry
        if entry in self._arrivals:
            self._arrivals.remove(entry)
            if self._serial:
                self._turns[entry.spawner] = getattr(entry.callback, "__self__", None)
                self._last_event, self._naps = perf_counter(), 0
            self._in_batch = False
            self._since_event = 0
            return entry
        self._since_event = 0
        timer = next((t for t in self.timers if t.entry is entry), None)
        if timer is None:
            self.ready.remove(entry)
            self._last_event, self._naps = perf_counter(), 0
        else:
            if not (self._in_batch and self._is_of_batch(timer)):
                self._due_until, self._due_seq = timer.deadline + NEAR, self._seq
            if not self.real_time:
                self._now = max(self._now, timer.deadline)
            timer.expire()
            self._naps += 1
        self._in_batch = True
        return entry

    def _is_of_batch(self, timer: VirtualTimer) -> bool:
        return timer.seq <= self._due_seq and timer.deadline <= self._due_until

    def _due_at_once(self) -> list[Entry]:
        """Return the timers that are due together with the one that has just fired."""
        latest = self.elapsed() if self.real_time else self._due_until
        due = [t for t in self.timers if self._is_of_batch(t) and t.deadline <= latest]
        return [t.ready() for t in due if not any(other.surely_before(t) for other in due)]

    def _admitted(self, busy: bool) -> list[Entry]:
        """Return the workers that may begin now."""
        if not self._serial:
            return self._arrivals
        if not self._arrivals or busy:
            return []
        waiting = [e for e in self._arrivals if (turn := self._turns.get(e.spawner)) is None or turn.dead]
        if not waiting and not self.timers and not self._is_busy():
            waiting = self._arrivals  # the one whose turn it is waits for another one
        if not waiting and self._stalled():
            if self._serving:
                waiting = self._arrivals
            else:
                self._give_up("one of its greenlets serves the others, and does not end before they begin")
        return waiting[-1:] if self._reverse else waiting[:1]

    def _stalled(self) -> bool:
        """Say whether the greenlet whose turn it is has waited in vain, or slept again and again."""
        if not self.real_time:
            return self._naps > MOST_NAPS
        if perf_counter() - self._last_event < (SHORT_STALL if self._serving else STALL):
            return False
        return self._naps >= FEW_NAPS or not any(timer.is_sleep for timer in self.timers)

    def _may_come_later(self) -> bool:
        """Say whether the workers that have not begun yet may let a sleep of others end first."""
        if self.real_time or self._serial or not self.timers:
            return False
        first = min(self.timers, key=lambda t: (t.deadline, t.seq))
        return first.is_sleep and first.deadline <= self._latest

    def _more_may_come(self) -> bool:
        """Wait a little for further I/O where this run is patient; True while it waits."""
        if not self._patience or self._polled or self._waits >= PATIENT_WAITS:
            return False
        self._polled = True
        self._waits += 1
        self._wait(self._patience)
        return True

    def _is_busy(self) -> bool:
        """Say whether anything but callbacks and timers can wake a greenlet; time is real from then on."""
        if self.real.activecnt > 0 or self._outside():
            self.become_real()
            return True
        return False

    def _due(self) -> list[Entry]:
        now = self.elapsed()
        due = [t for t in self.timers if t.deadline <= now]
        return [min(due, key=lambda t: (t.deadline, t.seq)).ready()] if due else []

    def _next_timers(self, others: bool) -> list[Entry]:
        """Return the timers that may fire next, the clock permitting; where it does not, wait for it."""
        if not any(t.ref for t in self.timers) and not self.real_time and not others:
            return []  # nothing keeps the loop alive
        if not self.timers:
            return []
        first = min(self.timers, key=lambda t: (t.deadline, t.seq))
        if self.real_time or self._is_busy():
            left = first.deadline - self.elapsed()
            if left > 0:
                if any(t.ref for t in self.timers) or self.real.activecnt > 0:
                    # or else the loop ends, as gevent's does
                    self._wait(min(left, SHORT_STALL) if self._arrivals else left)
                return []
            return [first.ready()]
        self.jumps += 1
        if self.jumps > MOST_JUMPS:
            self._give_up("it polls for something that never comes")
        near = [t for t in self.timers if t.deadline <= first.deadline + NEAR]
        return [t.ready() for t in near if not any(other.surely_before(t) for other in near)]

    def _wait(self, seconds: float) -> None:
        """Let the real loop look for I/O for at most ``seconds``."""
        self._waking = self.real.timer(max(0.0, seconds))
        self._waking.start(self.arm)


def _starts_greenlet(func: Callable[..., Any]) -> bool:
    """Say whether calling ``func`` lets a greenlet begin."""
    greenlet = getattr(func, "__self__", None)
    return isinstance(greenlet, Greenlet) and greenlet.gr_frame is None and not greenlet.dead
