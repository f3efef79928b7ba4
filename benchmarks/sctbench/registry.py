"""Which test is which program, and what was published for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
STRATEGIES = ("surw", "pos", "pct", "random", "auto")
#: Strategies with published means, in the order of :attr:`Program.published`.
PUBLISHED = ("surw", "pos", "pct", "random")


@dataclass(frozen=True, slots=True)
class Program:
    """One program: its name in SCTBench, its test, and the published mean schedules to the bug.

    ``published`` is one mean for each of :data:`PUBLISHED`: 20 trials with a cap of 10,000 schedules (Zhao et
    al., "Selectively Uniform Concurrency Testing", ASPLOS 2025); None: never found, or not published.
    """

    name: str
    file: str
    test: str
    published: tuple[float | None, ...] = (None, None, None, None)

    @property
    def nodeid(self) -> str:
        """The test's node id, relative to the directory of the programs."""
        return f"{self.file}::{self.test}"

    @property
    def twin(self) -> str:
        """The node id of the corrected twin."""
        name, bracket, parameter = self.test.partition("[")
        return f"{self.file}::{name}_fixed{bracket}{parameter}"

    @property
    def limit(self) -> int:
        """Schedules within which ``auto`` is to find the bug."""
        return 2000 if self.name in ("reorder_100", "twostage_100") else 1000

    def mean(self, strategy: str) -> float | None:
        """Return the published mean for ``strategy``, None where there is none."""
        return self.published[PUBLISHED.index(strategy)] if strategy in PUBLISHED else None


def _programs() -> Iterator[Program]:
    yield Program("account", "account.py", "test_account", (6, 4, 4, 18))
    yield Program("lazy01", "lazy01.py", "test_lazy01", (2, 5, 5, 21))
    yield Program("deadlock01", "deadlock01.py", "test_deadlock01", (2, 4, 13, 3))
    yield Program("carter01", "carter01.py", "test_carter01")
    yield Program("circular_buffer", "circular_buffer.py", "test_circular_buffer", (3, 2, 9, 4))
    yield Program("queue", "array_queue.py", "test_queue", (2, 1, 3, 1))
    yield Program("stack", "array_stack.py", "test_stack", (5, 2, 3, 176))
    yield Program("token_ring", "token_ring.py", "test_token_ring", (8, 9, 8, 13))
    yield Program("bluetooth", "bluetooth.py", "test_bluetooth", (70, 36, 112, 215))
    yield Program("wronglock_3", "wronglock.py", "test_wronglock[3]", (9, 11, 58, 36))
    yield Program("wronglock", "wronglock.py", "test_wronglock[7]", (8, 10, 51, 36))
    yield Program("twostage", "twostage.py", "test_twostage[2]", (8, 15, 13, 464))
    yield Program("twostage_20", "twostage.py", "test_twostage[20]", (6, 156, 159, None))
    yield Program("twostage_50", "twostage.py", "test_twostage[50]", (20, 1637, 1676, None))
    yield Program("twostage_100", "twostage.py", "test_twostage[100]", (454, 6674, 7466, None))
    yield Program("reorder_3", "reorder.py", "test_reorder[3]", (7, 86, 185, None))
    yield Program("reorder_4", "reorder.py", "test_reorder[4]", (7, 533, 554, None))
    yield Program("reorder_5", "reorder.py", "test_reorder[5]", (10, 2169, 647, None))
    yield Program("reorder_10", "reorder.py", "test_reorder[10]", (17, None, 3225, None))
    yield Program("reorder_20", "reorder.py", "test_reorder[20]", (6, None, 3005, None))
    yield Program("reorder_50", "reorder.py", "test_reorder[50]", (13, None, 3304, None))
    yield Program("reorder_100", "reorder.py", "test_reorder[100]", (194, None, None, None))
    yield Program("stringbuffer", "stringbuffer.py", "test_stringbuffer", (8, 23, 281, 2243))
    yield Program("WorkStealQueue", "work_steal_queue.py", "test_work_steal_queue", (6, 12, 48, None))
    yield Program("boundedBuffer", "bounded_buffer.py", "test_bounded_buffer", (9, 5, 20, 7))
    yield Program("phase01", "phase01.py", "test_phase01")
    yield Program("sync01", "sync01.py", "test_sync01")
    yield Program("sync02", "sync02.py", "test_sync02")
    for seats in range(2, 8):
        yield Program(f"din_phil{seats}", "din_phil.py", f"test_din_phil[{seats}]")


ALL: tuple[Program, ...] = tuple(_programs())
#: Right programs beside the twins: node ids with no bug of their own.
EXTRA_TWINS: tuple[tuple[str, str], ...] = (
    ("WorkStealQueue (lock-free)", "work_steal_queue.py::test_work_steal_queue_lock_free_fixed"),
)


def select(names: str | None) -> tuple[Program, ...]:
    """Return the programs named in a comma-separated list (``name*``: all that begin so), all for None.

    Raise ValueError where a name is unknown.
    """
    if names is None:
        return ALL
    chosen: list[Program] = []
    for name in names.split(","):
        found = [p for p in ALL if p.name == name or (name.endswith("*") and p.name.startswith(name[:-1]))]
        if not found:
            raise ValueError(f"{name!r} is not one of {', '.join(p.name for p in ALL)}")
        chosen += [p for p in found if p not in chosen]
    return tuple(chosen)
