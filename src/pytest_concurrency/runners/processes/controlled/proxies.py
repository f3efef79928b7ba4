"""Manager proxies: every method call on one is an operation on what it stands for."""

from __future__ import annotations

import queue
import sys
from multiprocessing import managers
from typing import Any

from .agent import Agent
from .patches import Patches
from .places import ACCESS, CALL, LOCK

_LIBRARY: Any = managers
_ACQUIRERS, _EVENTS = _LIBRARY.AcquirerProxy, _LIBRARY.EventProxy
_READS = frozenset({"__getitem__", "__len__", "__contains__", "__iter__", "get", "keys", "values", "items", "copy",
                    "count", "index", "__getattribute__", "#GETVALUE", "is_set", "qsize", "empty", "full",
                    "__repr__", "__str__", "__eq__", "__reversed__"})  # fmt: skip
_SETS = {"__setitem__": 1, "__setattr__": 1, "set": 0}
"""Methods that replace a value, and which argument it is."""
_KEYED = ("__getitem__", "__setitem__", "__getattribute__", "__setattr__", "get")


def install(agent: Agent, patches: Patches) -> None:
    """Hook the calls of all proxies. They let pass what is not done by a worker."""
    base: Any = managers.BaseProxy
    original = base._callmethod

    def callmethod(self: Any, methodname: str, args: Any = (), kwds: Any = {}) -> Any:  # noqa: B006 - as it was
        if not agent.here() or agent.quiet:
            return original(self, methodname, args, kwds)
        token = object.__getattribute__(self, "_token")
        loc = ("proxy", str(token.address), token.id)

        def plain(*new: Any, **named: Any) -> Any:
            with agent.as_one(), agent.aside():
                return original(self, methodname, new, named)

        if isinstance(self, _ACQUIRERS) and methodname in ("acquire", "release"):
            return _lock(agent, methodname, loc, plain, args, kwds)
        if token.typeid in ("Queue", "JoinableQueue") and methodname in ("get", "put"):
            return _queue(agent, methodname, loc, plain, args, kwds)
        if methodname == "wait":
            return _wait(agent, self, loc, original, plain, args, kwds)
        return _access(agent, self, methodname, loc, plain, args, kwds)

    patches.set(base, "_callmethod", callmethod)
    manager: Any = managers.BaseManager
    for owner, names in ((manager, ("start", "_create", "_connect")), (base, ("_connect", "_incref", "_after_fork"))):
        for name in names:
            if hasattr(owner, name):
                patches.set(owner, name, _aside(agent, getattr(owner, name)))
    patches.set(manager, "_finalize_manager", staticmethod(_aside(agent, manager._finalize_manager)))
    patches.set(base, "_decref", staticmethod(_aside(agent, base._decref)))


def _aside(agent: Agent, original: Any) -> Any:
    """Let the manager's own process come, answer and go uncontrolled."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with agent.aside():
            return original(*args, **kwargs)

    return call


def _access(agent: Agent, proxy: Any, method: str, loc: Any, plain: Any, args: Any, kwds: Any) -> Any:
    write = method not in _READS
    keyed = method in _KEYED and bool(args) and isinstance(args[0], (str, int, float, tuple, bytes))
    key = (*loc, repr(args[0])) if keyed and method != "get" else loc
    if method == "get" and isinstance(proxy, managers.DictProxy) and keyed:
        key = (*loc, repr(args[0]))
    data = method in _READS or method in _SETS
    place = agent.announce(sys._getframe(2), ACCESS if data else CALL, "write" if write else "read", loc, key,
                           write=write)  # fmt: skip
    result = plain(*args, **kwds)
    if method in _SETS:
        agent.did(place, loc, key, True, args[_SETS[method]])
    else:
        agent.did(place, loc, key, write, "" if write else result, overwrites=False)
    agent.freed(loc)
    return result


def _lock(agent: Agent, method: str, loc: Any, plain: Any, args: Any, kwds: Any) -> Any:
    if method == "release":
        result = plain()
        agent.freed(loc)
        return result
    names = dict(zip(("blocking", "timeout"), args, strict=False)) | kwds
    timeout = names.get("timeout")
    place = agent.announce(sys._getframe(2), LOCK, "acquire", loc, write=True)
    taken = agent.acquire(lambda: bool(plain(False)), loc, bool(names.get("blocking", True)),
                          None if timeout in (None, -1) else timeout, "acquire")  # fmt: skip
    if taken:
        agent.taken(place, loc, place.name if place else "")
    return taken


def _queue(agent: Agent, method: str, loc: Any, plain: Any, args: Any, kwds: Any) -> Any:
    item = args[:1] if method == "put" else ()
    names = dict(zip(("block", "timeout"), args[len(item) :], strict=False)) | kwds
    if method == "put" and not item:
        item = (names.pop("item"),)
    agent.announce(sys._getframe(2), CALL, method, loc, write=True)
    found: list[Any] = []
    failed: list[BaseException] = []

    def attempt() -> bool:
        try:
            found.append(plain(*item, block=False))
        except (queue.Empty, queue.Full) as error:
            failed[:] = [error]
            return False
        agent.freed(loc)
        return True

    if not agent.acquire(attempt, loc, bool(names.get("block", True)), names.get("timeout"), f"Queue.{method}"):
        raise failed[0]
    return found[0]


def _wait(agent: Agent, proxy: Any, loc: Any, original: Any, plain: Any, args: Any, kwds: Any) -> Any:
    """An event is asked again and again; conditions and barriers block in the manager's process: not controlled."""
    agent.announce(sys._getframe(2), CALL, "wait", loc, write=True)
    if isinstance(proxy, _EVENTS):
        timeout = args[0] if args else kwds.get("timeout")

        def is_set() -> bool:
            with agent.aside():
                return bool(original(proxy, "is_set"))

        return agent.acquire(is_set, loc, True, timeout, "Event.wait")
    return plain(*args, **kwds)
