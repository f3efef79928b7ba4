"""The catalogue of hazards: the one source of codes, names, severities and help texts.

Reports, the documentation and ``--concurrency-hazards`` all read :data:`CATALOGUE`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .state import STATE

ERROR = "error"
WARNING = "warning"
STANDSTILL = frozenset({"CH104", "CH106"})
"""Workers wait for ever."""
WAITING = STANDSTILL | {"CH109"}
"""What is told by where workers wait."""
RAISED = frozenset({"CH108", "CH110"})
"""What is told by an exception, and may follow from another hazard."""
SUSPECTED = frozenset({"CH103", "CH105"})
"""What is told without having been demonstrated."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """One kind of concurrency defect.

    ``code`` is stable, ``name`` is the field's own term, ``severity`` is ``"error"`` (fails the test) or
    ``"warning"`` (listed), ``cause`` says what goes wrong, ``fix`` what to do about it.
    """

    code: str
    name: str
    severity: str
    cause: str
    fix: str


class Catalogue(Mapping[str, Hazard]):
    """The built-in hazards by code, and those that other plugins have added for this session."""

    def __init__(self, built_in: Mapping[str, Hazard]) -> None:
        self.built_in = built_in

    def __getitem__(self, code: str) -> Hazard:
        known = self.built_in.get(code)
        return known if known is not None else STATE.extra_hazards[code]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.built_in, *STATE.extra_hazards])

    def __len__(self) -> int:
        return len(self.built_in) + len(STATE.extra_hazards)


def _table(*rows: tuple[str, str, str, str, str]) -> Catalogue:
    return Catalogue(MappingProxyType({row[0]: Hazard(*row) for row in rows}))


CATALOGUE = _table(
    (
        "CH101", "lost update", ERROR,
        "A worker wrote a value that it had computed from an older one: another worker's write in between is gone.",
        "Hold one lock from the read to the write, or give each worker its own value and combine them at the end.",
    ),
    (
        "CH102", "atomicity violation", WARNING,
        "A worker checked a condition and acted on it after another worker had made it untrue.",
        "Hold one lock over the check and the act, or use one atomic operation (dict.setdefault, try/except).",
    ),
    (
        "CH103", "data race", WARNING,
        "Two workers use one location, one of them writes, and nothing orders the two.",
        "Guard every access with the same lock, or hand the value over through a queue, an event or a join.",
    ),
    (
        "CH104", "deadlock", ERROR,
        "Workers wait for each other, or for what nobody is left to bring, and none can ever go on.",
        "Take the locks in one fixed order everywhere, or hold only one at a time; never wait for work that needs you; "
        "bring as many items, sentinels and parties as are waited for.",
    ),
    (
        "CH105", "lock-order inversion", WARNING,
        "Two locks are taken in opposite orders; a deadlock is possible though none was seen.",
        "Take the locks in one fixed order everywhere.",
    ),
    (
        "CH106", "lost wake-up", ERROR,
        "A worker waits for a notification that was sent before it waited, or that another worker consumed.",
        "Test the condition in a loop under the lock before waiting (Condition.wait_for), and notify under that lock; "
        "notify_all where those who wait do so for different things.",
    ),
    (
        "CH107", "livelock", ERROR,
        "The workers keep running and none gets anywhere.",
        "Wait on an event or a condition instead of polling; back off by different amounts.",
    ),
    (
        "CH108", "unhandled worker exception", ERROR,
        "A thread or a process died of an exception that nobody saw.",
        "Hand the exception over (a Future, a queue) and look at it where the thread is joined, or at a process's "
        "exitcode.",
    ),
    (
        "CH109", "leaked thread", ERROR,
        "A thread that the test started was still running when the test ended.",
        "Join every thread, shut executors down (use them as context managers), cancel timers.",
    ),
    (
        "CH110", "schedule-dependent failure", ERROR,
        "The test passes in one order of its workers and fails in another.",
        "Make the outcome independent of the order: lock what the failing rows share.",
    ),
    (
        "CH201", "CPU-bound under the GIL", WARNING,
        "The threads compute in Python: the interpreter lock lets one of them run at a time.",
        "Use processes (ProcessPoolExecutor), a library that releases the GIL, or a free-threaded build.",
    ),
    (
        "CH202", "serialised by one lock", WARNING,
        "One lock is held for nearly the whole time: the threads take turns.",
        "Hold the lock only around the shared access, not around the work.",
    ),
    (
        "CH203", "spawn then join", WARNING,
        "Each worker is joined before the next one starts: nothing ever overlaps.",
        "Start them all first, then join them all; or use an executor's map. Where each needs the result of the one "
        "before, do the work without workers.",
    ),
    (
        "CH204", "overhead larger than the work", WARNING,
        "Starting the workers costs more than the work that they do.",
        "Give each worker more to do, or do the work without workers.",
    ),
    (
        "CH301", "blocking call bound before patching", ERROR,
        "A blocking function or object was taken before gevent patched its module: it stops every greenlet.",
        "Call gevent.monkey.patch_all() before anything else is imported, or look the function up when it is used.",
    ),
    (
        "CH302", "blocking call in C", ERROR,
        "A call that gevent cannot patch blocks in C code: it stops every greenlet.",
        "Run it in gevent.get_hub().threadpool, or use a cooperative library.",
    ),
    (
        "CH303", "CPU-bound greenlet", ERROR,
        "A greenlet computes without yielding: every other greenlet waits.",
        "Yield with gevent.sleep(0) or gevent.idle(), or move the work to a thread pool or a process.",
    ),
    (
        "CH304", "patched too late", WARNING,
        "patch_all() ran after modules that bind blocking functions had been imported.",
        "Make gevent.monkey.patch_all() the first statement of the program.",
    ),
    (
        "CH305", "serialised greenlets", WARNING,
        "The spawner waits for each greenlet before it spawns the next: nothing overlaps.",
        "Spawn them all, then gevent.joinall; in a server do not join the handler.",
    ),
    (
        "CH306", "greenlet error lost", ERROR,
        "A greenlet died of an exception and nobody looked at it.",
        "Call get(), link_exception(), or joinall(raise_error=True).",
    ),
    (
        "CH307", "busy loop on a closed peer", ERROR,
        "A loop goes on reading from a connection that the peer has closed: recv returns b'' for ever.",
        "Leave the loop when recv returns b''.",
    ),
    (
        "CH401", "state not shared between processes", WARNING,
        "A child process changed a global; the parent's copy did not change.",
        "Return the value, send it through a Queue, or use multiprocessing.Value or a Manager.",
    ),
    (
        "CH402", "target called instead of passed", ERROR,
        "target= was given the result of a call: the function ran in the parent, and the child had nothing to do.",
        "Pass the function and its arguments: target=f, args=(...).",
    ),
    (
        "CH403", "pool error never fetched", ERROR,
        "A task of a pool failed and nobody fetched its result, so nobody saw the error.",
        "Call get() or result() on every task, or give error_callback.",
    ),
    (
        "CH404", "cannot be pickled", ERROR,
        "What has to travel to another process cannot be pickled.",
        "Pass plain data and module-level functions; open handles and locks in the child.",
    ),
    (
        "CH405", "fork while threads run or a lock is held", WARNING,
        "The process was forked while other threads ran or held locks: those locks stay locked in the child.",
        "Fork before starting threads, or use the forkserver or spawn start method.",
    ),
    (
        "CH406", "join before close", ERROR,
        "Pool.join() was called before close() or terminate().",
        "Call close() first, or use the pool as a context manager.",
    ),
    (
        "CH407", "joined before the queue is drained", ERROR,
        "A process was joined while it still had items to hand over in a queue: both wait for ever.",
        "Get every item before joining the process that puts them.",
    ),
    (
        "CH408", "orphan process", ERROR,
        "A process that the test started was still running when the test ended.",
        "Join or terminate every child, and its children.",
    ),
    (
        "CH409", "hang between processes", ERROR,
        "Processes wait for each other and none can go on.",
        "Look at the stacks: close unused pipe ends, call task_done, never terminate a process that holds a lock.",
    ),
    (
        "CH410", "shared memory left behind", WARNING,
        "Shared memory stays until somebody unlinks it: close() gives back this process's view of it, only.",
        "Call unlink() once, in a finally clause or a fixture's tear-down, or use SharedMemoryManager.",
    ),
)  # fmt: skip


def help_text(code: str, fix: str = "", cause: str = "") -> str:
    """Return the cause and the fix of the hazard ``code`` (``fix`` and ``cause`` where they fit better), a line each;
    raise KeyError if it is unknown."""
    hazard = CATALOGUE[code]
    return f"Cause: {cause or hazard.cause}\nFix: {fix or hazard.fix}"


def render_catalogue() -> str:
    """Return the whole catalogue as plain text, one hazard a paragraph (``--concurrency-hazards``)."""
    return "\n\n".join(f"{h.code} {h.name} ({h.severity})\n    {h.cause}\n    Fix: {h.fix}" for h in CATALOGUE.values())
