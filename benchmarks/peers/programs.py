"""The programs: how to set one up, what its workers do, and what has to hold in the end; each with a corrected twin."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

try:
    from statsd.client import Timer  # version 3.0, which has the defect
except ImportError:  # where only the names of the programs are wanted
    Timer = None

Worker = Callable[[Any], Any]


@dataclass(frozen=True)
class Program:
    """``setup`` makes the state; each of ``workers`` gets it on a thread of its own; then ``holds`` is asked.

    A worker that raises counts as a failure, too. ``timed``: time-outs matter. ``library``: the package at fault.
    """

    setup: Callable[[], Any]
    workers: tuple[Worker, ...]
    holds: Callable[[Any], bool]
    timed: bool = False
    library: str = ""


BUGGY: dict[str, Program] = {}
TWINS: dict[str, Program] = {}


def _add(name: str, buggy: Program, twin: Program) -> None:
    BUGGY[name], TWINS[name] = buggy, twin


# -- unlocked counters

total = 0
guard = threading.Lock()


def _reset_total() -> None:
    global total
    total = 0


def _count_global(state: Any) -> None:
    global total
    total += 1


def _count_global_locked(state: Any) -> None:
    global total
    with guard:
        total += 1


_add(
    "counter: global",
    Program(_reset_total, (_count_global,) * 2, lambda _: total == 2),
    Program(_reset_total, (_count_global_locked,) * 2, lambda _: total == 2),
)


class Counter:
    def __init__(self) -> None:
        self.value = 0
        self.lock = threading.Lock()

    def increment(self) -> None:
        self.value += 1

    def increment_locked(self) -> None:
        with self.lock:
            self.value += 1


_add(
    "counter: attribute",
    Program(Counter, (Counter.increment,) * 2, lambda c: c.value == 2),
    Program(Counter, (Counter.increment_locked,) * 2, lambda c: c.value == 2),
)


def _closure(locked: bool) -> Callable[[], Any]:
    def setup() -> Any:
        count = 0
        lock = threading.Lock()

        def increment() -> None:
            nonlocal count
            count += 1

        def increment_locked() -> None:
            nonlocal count
            with lock:
                count += 1

        return SimpleNamespace(increment=increment_locked if locked else increment, get=lambda: count)

    return setup


_add(
    "counter: closure",
    Program(_closure(False), (lambda s: s.increment(),) * 2, lambda s: s.get() == 2),
    Program(_closure(True), (lambda s: s.increment(),) * 2, lambda s: s.get() == 2),
)


def _count_item(state: Any) -> None:
    items, key, _ = state
    items[key] += 1


def _count_item_locked(state: Any) -> None:
    items, key, lock = state
    with lock:
        items[key] += 1


for _kind, _make in {
    "list item": lambda: ([0], 0, threading.Lock()),
    "dict item": lambda: ({"n": 0}, "n", threading.Lock()),
}.items():
    _add(
        f"counter: {_kind}",
        Program(_make, (_count_item,) * 2, lambda s: s[0][s[1]] == 2),
        Program(_make, (_count_item_locked,) * 2, lambda s: s[0][s[1]] == 2),
    )


# -- check, then act


class Cache:
    def __init__(self) -> None:
        self.entries: dict[str, object] = {}
        self.seen: list[object] = []
        self.lock = threading.Lock()

    def get(self) -> None:
        if "key" not in self.entries:
            self.entries["key"] = object()
        self.seen.append(self.entries["key"])

    def get_locked(self) -> None:
        with self.lock:
            self.get()


_add(
    "check-then-act cache",
    Program(Cache, (Cache.get,) * 2, lambda c: len(set(map(id, c.seen))) == 1),
    Program(Cache, (Cache.get_locked,) * 2, lambda c: len(set(map(id, c.seen))) == 1),
)


class Lazy:
    def __init__(self) -> None:
        self.instance: object | None = None
        self.made = 0
        self.lock = threading.Lock()

    def _make(self) -> None:
        self.made += 1
        self.instance = object()

    def get(self) -> None:
        if self.instance is None:
            self._make()

    def get_checked_twice(self) -> None:
        if self.instance is None:
            with self.lock:
                if self.instance is None:
                    self._make()


_add(
    "lazy singleton",
    Program(Lazy, (Lazy.get,) * 2, lambda lazy: lazy.made == 1),
    Program(Lazy, (Lazy.get_checked_twice,) * 2, lambda lazy: lazy.made == 1),
)


class Account:
    def __init__(self) -> None:
        self.balance = 100
        self.lock = threading.Lock()

    def withdraw(self) -> None:
        if self.balance >= 60:
            self.balance -= 60

    def withdraw_locked(self) -> None:
        with self.lock:
            self.withdraw()


_add(
    "double withdrawal",
    Program(Account, (Account.withdraw,) * 2, lambda a: a.balance == 40),
    Program(Account, (Account.withdraw_locked,) * 2, lambda a: a.balance == 40),
)


class Slot:
    """One place in a queue for what each worker brings if there is room."""

    def __init__(self) -> None:
        self.queue: queue.Queue[int] = queue.Queue(maxsize=1)

    def put(self) -> None:
        if not self.queue.full():
            self.queue.put_nowait(1)

    def try_to_put(self) -> None:
        try:
            self.queue.put_nowait(1)
        except queue.Full:
            pass


_add(
    "put if not full",
    Program(Slot, (Slot.put,) * 2, lambda s: s.queue.qsize() == 1),
    Program(Slot, (Slot.try_to_put,) * 2, lambda s: s.queue.qsize() == 1),
)


class Table:
    def __init__(self) -> None:
        self.rows = {"a": 1, "b": 2}
        self.sum = 0

    def add(self) -> None:
        self.rows["c"] = 3

    def sum_up(self) -> None:
        for key in self.rows:
            self.sum += self.rows[key]

    def sum_up_a_copy(self) -> None:
        for key in list(self.rows):
            self.sum += self.rows[key]


_add(
    "iteration while changing",
    Program(Table, (Table.sum_up, Table.add), lambda t: t.sum in (3, 6)),
    Program(Table, (Table.sum_up_a_copy, Table.add), lambda t: t.sum in (3, 6)),
)


# -- waiting


class Pair:
    def __init__(self) -> None:
        self.a = threading.Lock()
        self.b = threading.Lock()

    def a_then_b(self) -> None:
        with self.a:
            with self.b:
                pass

    def b_then_a(self) -> None:
        with self.b:
            with self.a:
                pass


_add(
    "AB/BA",
    Program(Pair, (Pair.a_then_b, Pair.b_then_a), lambda _: True),
    Program(Pair, (Pair.a_then_b, Pair.a_then_b), lambda _: True),
)


class Table3:
    def __init__(self) -> None:
        self.forks = [threading.Lock() for _ in range(3)]


def _philosopher(first: int, second: int) -> Worker:
    def dine(table: Table3) -> None:
        with table.forks[first]:
            with table.forks[second]:
                pass

    return dine


_add(
    "philosophers",
    Program(Table3, (_philosopher(0, 1), _philosopher(1, 2), _philosopher(2, 0)), lambda _: True),
    Program(Table3, (_philosopher(0, 1), _philosopher(1, 2), _philosopher(0, 2)), lambda _: True),
)


class Mailbox:
    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.full = False

    def deliver(self) -> None:
        with self.condition:
            self.full = True
            self.condition.notify()

    def fetch(self) -> None:
        if not self.full:
            with self.condition:
                self.condition.wait()

    def fetch_for_sure(self) -> None:
        with self.condition:
            self.condition.wait_for(lambda: self.full)


_add(
    "lost notify",
    Program(Mailbox, (Mailbox.deliver, Mailbox.fetch), lambda _: True),
    Program(Mailbox, (Mailbox.deliver, Mailbox.fetch_for_sure), lambda _: True),
)


class Answer:
    """The answer takes about as long as the asker is ready to wait for it."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.value = "nothing"
        self.lock = threading.Lock()

    def answer(self) -> None:
        time.sleep(0.1)
        self.value = "answer"
        self.arrived.set()

    def ask(self) -> None:
        if not self.arrived.wait(timeout=0.1):
            self.value = "default"

    def answer_locked(self) -> None:
        time.sleep(0.1)
        with self.lock:
            self.value = "answer"
        self.arrived.set()

    def ask_locked(self) -> None:
        if not self.arrived.wait(timeout=0.1):
            with self.lock:
                if self.value == "nothing":
                    self.value = "default"


_add(
    "timed wait that loses",
    Program(Answer, (Answer.answer, Answer.ask), lambda a: a.value == "answer", timed=True),
    Program(Answer, (Answer.answer_locked, Answer.ask_locked), lambda a: a.value == "answer", timed=True),
)


# -- three workers, two preemptions


class Relay:
    """The first worker opens a gate for a moment; the second, while it is open, another; the third finds it shut."""

    def __init__(self) -> None:
        self.first = self.second = False
        self.through = False
        self.lock = threading.Lock()

    def open_first(self) -> None:
        self.first = True
        self.first = False

    def open_second(self) -> None:
        if self.first:
            self.second = True
            self.second = False

    def pass_through(self) -> None:
        if self.second:
            self.through = True


def _locked(method: Worker) -> Worker:
    def worker(relay: Relay) -> None:
        with relay.lock:
            method(relay)

    return worker


_RELAY = (Relay.open_first, Relay.open_second, Relay.pass_through)
_add(
    "three workers, two preemptions",
    Program(Relay, _RELAY, lambda r: not r.through),
    Program(Relay, tuple(map(_locked, _RELAY)), lambda r: not r.through),
)


# -- a bug inside an included library


class Client:
    """What statsd's timer sends to."""

    def __init__(self) -> None:
        self.sent = 0
        self.lock = threading.Lock()
        if Timer is not None:
            self.shared = Timer(self, "work")(lambda: None)

    def timing(self, stat: str, milliseconds: int, rate: float) -> None:
        with self.lock:
            self.sent += 1

    def work_shared(self) -> None:
        self.shared()

    def work_own(self) -> None:
        with Timer(self, "work"):
            pass


_add(
    "inside a library",
    Program(Client, (Client.work_shared,) * 2, lambda c: c.sent == 2, library="statsd"),
    Program(Client, (Client.work_own,) * 2, lambda c: c.sent == 2, library="statsd"),
)


# -- long loops, for the cost of a schedule


class LongCounter:
    def __init__(self) -> None:
        self.value = 0
        self.lock = threading.Lock()


def long_counter(workers: int, iterations: int, locked: bool) -> Program:
    """Return a program of ``workers`` that count to ``iterations`` each; ``locked``: one lock around the loop."""

    def count(counter: LongCounter) -> None:
        for _ in range(iterations):
            counter.value += 1

    def count_locked(counter: LongCounter) -> None:
        with counter.lock:
            for _ in range(iterations):
                counter.value += 1

    worker = count_locked if locked else count
    return Program(LongCounter, (worker,) * workers, lambda c: c.value == workers * iterations)


def chosen(name: str) -> Program:
    """Return the program of that name: ``twin of NAME``, ``long WORKERS ITERATIONS locked|unlocked``, or ``NAME``."""
    if name.startswith("long "):
        _, workers, iterations, kind = name.split()
        return long_counter(int(workers), int(iterations), kind == "locked")
    return TWINS[name.removeprefix("twin of ")] if name.startswith("twin of ") else BUGGY[name]
