"""The method names that matter: which builtin container methods read or write what, and what synchronises."""

from __future__ import annotations

import types
from collections.abc import Mapping
from types import MappingProxyType

READ_ITEM = "read item"
WRITE_ITEM = "write item"
READ_ALL = "read all"
WRITE_ALL = "write all"

CONTAINER_METHODS: Mapping[str, str] = MappingProxyType(
    {
        # dict and its relatives; the first argument is the key
        "get": READ_ITEM, "setdefault": WRITE_ITEM, "pop": WRITE_ALL, "popitem": WRITE_ALL, "update": WRITE_ALL,
        "clear": WRITE_ALL, "keys": READ_ALL, "values": READ_ALL, "items": READ_ALL, "copy": READ_ALL,
        "move_to_end": WRITE_ALL, "most_common": READ_ALL, "elements": READ_ALL, "total": READ_ALL,
        "subtract": WRITE_ALL,
        # list, deque, bytearray, array
        "append": WRITE_ALL, "extend": WRITE_ALL, "insert": WRITE_ALL, "remove": WRITE_ALL, "reverse": WRITE_ALL,
        "sort": WRITE_ALL, "index": READ_ALL, "count": READ_ALL, "appendleft": WRITE_ALL, "popleft": WRITE_ALL,
        "extendleft": WRITE_ALL, "rotate": WRITE_ALL,
        # set
        "add": WRITE_ALL, "discard": WRITE_ALL, "difference_update": WRITE_ALL, "intersection_update": WRITE_ALL,
        "symmetric_difference_update": WRITE_ALL, "issubset": READ_ALL, "issuperset": READ_ALL, "isdisjoint": READ_ALL,
        "union": READ_ALL, "intersection": READ_ALL, "difference": READ_ALL, "symmetric_difference": READ_ALL,
    }
)  # fmt: skip
"""Effect of each method of the builtin containers on what workers share."""

CONTAINER_OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        **CONTAINER_METHODS,
        **dict.fromkeys(("__getitem__", "__contains__", "__len__", "__iter__", "__reversed__", "__eq__"), READ_ALL),
        **dict.fromkeys(("__setitem__", "__delitem__", "__iadd__", "__ior__"), WRITE_ALL),
    }
)
"""The same with what operators call."""

BOUND_IN_C = frozenset({types.BuiltinMethodType, types.MethodWrapperType})
"""Types of the methods of an object that is written in C (and of builtin functions, whose object is a module)."""

LIBRARY_CALLS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "heapq": {
            "heappush": WRITE_ALL, "heappop": WRITE_ALL, "heapify": WRITE_ALL, "heapreplace": WRITE_ALL,
            "heappushpop": WRITE_ALL, "heappush_max": WRITE_ALL, "heappop_max": WRITE_ALL, "heapify_max": WRITE_ALL,
            "heapreplace_max": WRITE_ALL, "heappushpop_max": WRITE_ALL,
        },
        "bisect": {
            "bisect": READ_ALL, "bisect_left": READ_ALL, "bisect_right": READ_ALL, "insort": WRITE_ALL,
            "insort_left": WRITE_ALL, "insort_right": WRITE_ALL,
        },
        "operator": {
            "getitem": READ_ITEM, "setitem": WRITE_ITEM, "delitem": WRITE_ALL, "iadd": WRITE_ALL, "iconcat": WRITE_ALL,
            "contains": READ_ALL, "countOf": READ_ALL, "indexOf": READ_ALL,
        },
        "random": {"shuffle": WRITE_ALL, "choice": READ_ALL, "choices": READ_ALL, "sample": READ_ALL},
    }
)  # fmt: skip
"""Effect on their first argument of functions of the standard library, by module; one step each."""

LIBRARY_NAMES = frozenset(name for names in LIBRARY_CALLS.values() for name in names)
"""Their names."""

ENTER_CONTEXT = "enter_context"
"""The method of exit stacks that may take a lock."""

CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
"""Functions of :mod:`time` that tell the time, which is virtual for workers."""

CALENDAR_METHODS = frozenset({"now", "utcnow", "today"})
"""Methods of ``datetime`` and ``date`` that ask the clock."""

SYNC_METHODS = frozenset(
    {"acquire", "release", "acquire_lock", "release_lock", "locked", "__enter__", "__exit__"}
    | {"_acquire_restore", "_release_save", "_wait_for_tstate_lock", "_wait_for_updates", "join", "is_done"}
    | {"get", "put", "get_nowait", "put_nowait", "empty", "qsize"}
    | {"sleep", *CLOCKS}
    | {"start_new_thread", "start_new", "start_joinable_thread"}
    | {"run", ENTER_CONTEXT}
    | CALENDAR_METHODS
)
"""Methods (of locks, C queues, exit stacks, threads and their handles, of dates) and functions (of time and _thread)
that are taken over."""

LOADED_METHODS = frozenset(
    {"acquire", "release", "sleep", *CLOCKS}
    | {"start_new_thread", "start_new", "start_joinable_thread"}
    | CALENDAR_METHODS
)
"""Those of them that are taken over also where they are loaded as plain attributes, as compilers do for a function
of an imported module (``time.monotonic()``)."""

QUEUE_METHODS = frozenset({"get", "put", "get_nowait", "put_nowait"})
"""Methods of C queues, taken over also where they are loaded to be called later: ``iter(queue.get, None)``."""

ANNOUNCED_CALLS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "threading": {
            "Thread": ("start", "join", "is_alive"),
            "Condition": ("__enter__", "wait", "notify", "notify_all"),
            "Event": ("wait", "set", "clear", "is_set"),
            "Semaphore": ("acquire", "release"),
            "BoundedSemaphore": ("release",),
            "Barrier": ("wait", "reset", "abort"),
        },
        "queue": {
            "Queue": (
                "put", "get", "put_nowait", "get_nowait", "join", "task_done", "qsize", "empty", "full", "shutdown",
            ),
        },
        "concurrent.futures._base": {
            "Future": (
                "cancel", "cancelled", "running", "done", "result", "exception", "add_done_callback", "set_result",
                "set_exception", "set_running_or_notify_cancel",
            ),
        },
        "concurrent.futures.thread": {"ThreadPoolExecutor": ("submit", "shutdown")},
    }
)  # fmt: skip
"""Standard-library methods that are one operation each to a reader: announced once, at their beginning."""

SYNC_MODULES = (
    "threading",
    "queue",
    "concurrent.futures._base",
    "concurrent.futures.thread",
    "functools",
    "logging",
    "_threading_local",
    "multiprocessing.dummy",
    "multiprocessing.pool",
)
"""Standard-library modules in whose code locks are taken over, whether or not the test's own code is near."""

WITHOUT_LOCKS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "logging": frozenset({"Logger.findCaller", "Formatter.__init__"}),
        "threading": frozenset({"Condition.__init__", "Condition._is_owned"}),
    }
)
"""Functions of these modules that are left alone, which is cheaper: their ``with`` statement is no lock's, their
``join`` is a string's, they take a lock's methods without a call, or try a real lock between two steps."""

WITHOUT_A_LOOK: Mapping[str, frozenset[str]] = MappingProxyType({"threading": frozenset({"Thread._bootstrap_inner"})})
"""Functions of these modules that seem to look at their callers, and see none: this one sets the trace function that
somebody has asked for."""

BUILTIN_CLASSES = frozenset({"list", "tuple", "set", "frozenset", "dict", "bool", "enumerate", "reversed"})
"""Builtin classes that read the whole of a container handed to them; taken over where they are called only."""

BUILTIN_READERS = BUILTIN_CLASSES | {"len", "sorted", "sum", "min", "max", "any", "all", "iter"}
"""Builtins that read the whole of a container handed to them."""
