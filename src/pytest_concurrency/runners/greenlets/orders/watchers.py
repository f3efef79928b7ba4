"""An I/O watcher whose events wait until they are chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loop import Entry, ExploredLoop


class HeldWatcher:
    """Has the interface of gevent's I/O watchers, and one of them inside.

    Sockets keep their watchers: after the explored run it hands events on at once.
    """

    def __init__(self, loop: ExploredLoop, real: Any) -> None:
        self.loop = loop
        self.callback: Callable[..., Any] | None = None
        self.args: tuple[Any, ...] | None = None
        self._real = real
        self._kwargs: dict[str, Any] = {}
        self._entry: Entry | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @property
    def ref(self) -> bool:
        return bool(self._real.ref)

    @ref.setter
    def ref(self, value: bool) -> None:
        self._real.ref = value

    @property
    def active(self) -> bool:
        return self._entry is not None or bool(self._real.active)

    @property
    def pending(self) -> bool:
        return self._entry is not None or bool(self._real.pending)

    def start(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call ``callback`` for each event until :meth:`stop`."""
        if not callable(callback):
            raise TypeError(f"Expected callable, not {callback!r}")
        self.callback, self.args, self._kwargs = callback, args, kwargs
        self._real.start(self._fired, *args, **kwargs)

    def _fired(self, *given: Any) -> None:
        if self.loop.closed:
            if self.callback is not None:
                self.callback(*given)
            return
        from .loop import Entry

        self._real.stop()  # or it would fire again and again while its event waits
        self._entry = Entry(self._deliver, given, self.loop.next_seq())
        self.loop.ready.append(self._entry)
        self.loop.arm()

    def _deliver(self, *given: Any) -> None:
        self._entry = None
        callback = self.callback
        if callback is not None:
            self._real.start(self._fired, *(self.args or ()), **self._kwargs)
            callback(*given)

    def stop(self) -> None:
        """Watch no longer; an event that waits is dropped."""
        self.callback = self.args = None
        if self._entry is not None:
            self._entry.stop()
            self._entry = None
        self._real.stop()

    def close(self) -> None:
        """Stop, and free what the loop holds."""
        self.stop()
        self._real.close()

    def __enter__(self) -> HeldWatcher:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
