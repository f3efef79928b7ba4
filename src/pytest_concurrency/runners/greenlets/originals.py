"""What gevent replaced, and what it would replace: the originals of the standard library.

Works in a patched and in an unpatched process; nothing here starts a hub.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Original:
    """An original object: ``module`` and ``name`` say where it lived, ``replaced`` whether gevent replaced it."""

    module: str
    name: str
    thing: Any
    replaced: bool

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}"


# What is replaced and cannot hold a greenlet up: reporting it would be noise.
_HARMLESS_NAMES = """
CompletedProcess DefaultSelector SSLContext SocketType _DummyThread _USE_POSIX_SPAWN _fork_exec _local _lock
_make_thread_handle _shutdown _start_joinable_thread _use_posix_spawn close exit fork forkpty fromfd
get_ident getsignal local posix_spawn posix_spawnp set_wakeup_fd signal stack_size start_joinable_thread
start_new_thread
"""
_HARMLESS = frozenset(_HARMLESS_NAMES.split())
_MODULE_NAMES = "time os _thread threading socket select selectors ssl subprocess queue signal"
_SOURCES = {"_thread": "gevent.thread", "threading": "gevent.threading"}


def primitive(module: str, name: str) -> Any:
    """Return the original ``module.name``, which waits for real whether or not the process is patched."""
    from gevent.monkey import get_original

    return get_original(module, name)


def saved_originals() -> Iterator[Original]:
    """Yield what gevent has replaced in this process."""
    from gevent import monkey

    for module, names in list(monkey.saved.items()):
        if module.startswith("_gevent"):
            continue
        for name, thing in list(names.items()):
            yield Original(module, name, thing, True)


def unpatched_originals() -> Iterator[Original]:
    """Yield what ``patch_all`` would replace and has not."""
    from gevent import monkey

    for name in _MODULE_NAMES.split():
        module = sys.modules.get(name)
        if module is None:
            continue
        source = importlib.import_module(_SOURCES.get(name, f"gevent.{name}"))
        replaced = monkey.saved.get(name, {})
        for attribute in getattr(source, "__implements__", None) or ():
            if attribute in vars(module) and attribute not in replaced:
                yield Original(name, attribute, vars(module)[attribute], False)


class Originals:
    """The blocking originals by identity: functions and types."""

    def __init__(self) -> None:
        self._by_id: dict[int, Original] = {}
        for original in (*unpatched_originals(), *saved_originals()):
            if original.name in _HARMLESS or not callable(original.thing):
                continue
            known = self._by_id.get(id(original.thing))
            # One lock type has several names; the public one is the one to show.
            if known is None or known.name.startswith("_") or known.module.startswith("_"):
                self._by_id[id(original.thing)] = original
        for kind, name in _implementation_types():
            module, _, attribute = name.partition(".")
            self._by_id.setdefault(id(kind), Original(module, attribute, kind, self._is_patched(module)))

    @staticmethod
    def _is_patched(module: str) -> bool:
        from gevent import monkey

        return module in monkey.saved

    def function(self, thing: object) -> Original | None:
        """Return the original that ``thing`` is, looking through ``functools.partial``."""
        while isinstance(thing, functools.partial):
            thing = thing.func
        return self._by_id.get(id(thing))

    def type_of(self, thing: object) -> Original | None:
        """Return the original type that ``thing`` is an instance of, None where it is cooperative."""
        kind = type(thing)
        if kind.__module__.split(".")[0] == "gevent":
            return None
        for base in kind.__mro__[:-1]:
            if base.__module__.split(".")[0] == "gevent":
                return None
            found = self._by_id.get(id(base))
            if found is not None and isinstance(found.thing, type):
                return found
        return None


def _implementation_types() -> Iterator[tuple[type, str]]:
    import _queue
    import _thread

    lock = primitive("_thread", "allocate_lock")
    yield type(lock()), "threading.Lock"
    yield _thread.RLock, "threading.RLock"
    yield _queue.SimpleQueue, "queue.SimpleQueue"
