"""A timer in the seconds of an explored run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gevent import getcurrent

if TYPE_CHECKING:
    from .loop import Entry, ExploredLoop


class VirtualTimer:
    """Has the interface of gevent's timers; fires when :class:`..loop.ExploredLoop` says so."""

    def __init__(self, loop: ExploredLoop, after: float, repeat: float, ref: bool, priority: int | None) -> None:
        if repeat < 0.0:
            raise ValueError(f"repeat must be positive or zero: {repeat!r}")
        self.loop = loop
        self.after = max(0.0, after)
        self.repeat = repeat
        self.ref = ref
        self.priority = priority or 0
        self.callback: Callable[..., Any] | None = None
        self.args: tuple[Any, ...] | None = None
        self.entry: Entry | None = None
        self.seq = 0
        self.begun = 0.0
        self.deadline = 0.0
        self._starter: object = None
        self._fires = False
        self._turn: Entry | None = None
        self._real: Any = None

    @property
    def active(self) -> bool:
        return self in self.loop.timers or (self._real is not None and bool(self._real.active))

    @property
    def pending(self) -> bool:  # gevent takes a greenlet for dead whose start is neither active nor pending
        return self._fires or (self._turn is not None and self._turn.pending)

    @property
    def is_sleep(self) -> bool:
        """Say whether a greenlet sleeps until this timer fires; other timers limit or start something."""
        return type(getattr(self.callback, "__self__", None)).__name__ == "Waiter"

    def surely_before(self, other: VirtualTimer) -> bool:
        """Say whether this timer fires before ``other`` however long the program computes in between."""
        return self.seq < other.seq and self.deadline - self.begun <= other.deadline - other.begun

    def start(self, callback: Callable[..., Any], *args: Any, update: bool | None = None) -> None:
        """Call ``callback(*args)`` when the time has come."""
        self._begin(callback, args, self.after)

    def again(self, callback: Callable[..., Any], *args: Any, update: bool | None = None) -> None:
        """Begin anew with the interval of repetition."""
        self._begin(callback, args, self.repeat)

    def _begin(self, callback: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> None:
        if not callable(callback):
            raise TypeError(f"Expected callable, not {callback!r}")
        self.stop()
        self.callback, self.args = callback, args
        loop = self.loop
        if loop.closed:
            self._real = loop.real.timer(seconds, self.repeat, self.ref, self.priority)
            self._real.start(callback, *args)
            return
        self.seq = loop.next_seq()
        self._starter = getcurrent()
        self.begun = loop.tick()
        self.deadline = self.begun + seconds
        loop.timers.add(self)
        loop.arm()

    def hand_over(self) -> None:
        """Go on in real time: whoever waits for it outlives the run."""
        callback, left = self.callback, self.deadline - self.loop.elapsed()
        if callback is not None:
            self._real = self.loop.real.timer(max(0.0, left), self.repeat, self.ref, self.priority)
            self._real.start(callback, *(self.args or ()))

    def ready(self) -> Entry:
        """Return the entry that stands for its firing."""
        from .loop import Entry

        if self.entry is None:
            self.entry = Entry(self._fire, (), self.seq)
        return self.entry

    def expire(self) -> None:
        """Note that it fires now."""
        self.loop.timers.discard(self)

    def _fire(self) -> None:
        self.entry = None
        callback, args = self.callback, self.args or ()
        if self.repeat:
            self.begun, self.deadline = self.deadline, self.deadline + self.repeat
            self.loop.timers.add(self)
        elif self.callback is not None:
            self.callback = None
        if callback is None:
            return
        self._fires = True
        self._turn = self.loop.turn_of(callback, args, self._starter)
        self._fires = False
        if self._turn is None:
            callback(*args)

    def stop(self) -> None:
        """Do not fire any more."""
        self.loop.timers.discard(self)
        self.callback = self.args = self._starter = None
        for entry in (self.entry, self._turn):
            if entry is not None:
                entry.stop()
        self.entry = self._turn = None
        if self._real is not None:
            self._real.close()
            self._real = None

    close = stop

    def __enter__(self) -> VirtualTimer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
