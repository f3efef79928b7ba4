"""Threads that really wait, and what their frames tell."""

import io
import logging
import queue
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from pytest_concurrency.parallelism.locks import created_at, is_held, waiting_at

LOCK = threading.Lock()  # module-level


class Account:
    shared = threading.RLock()

    def __init__(self):
        self.lock = threading.Lock()
        self.gate = threading.Semaphore(1)
        self.changed = threading.Condition()
        self.table = {"a": threading.Lock()}

    def with_lock(self):
        with self.lock:
            pass

    def acquire(self):
        self.shared.acquire()
        self.shared.release()

    def semaphore(self):
        with self.gate:
            pass

    def condition(self):
        with self.changed:
            pass

    def element(self):
        with io.StringIO() as _, self.table["a"]:
            pass

    @property
    def secret(self):
        raise AssertionError("the profiler must not run the user's code")

    def by_property(self):
        self.secret.acquire()


class Slotted:
    __slots__ = ("lock",)

    def __init__(self):
        self.lock = threading.Lock()


ACCOUNT, SLOTTED = Account(), Slotted()


def by_name():
    with LOCK:
        pass


def with_timeout():
    if LOCK.acquire(True, 30):
        LOCK.release()


def by_argument(lock=LOCK):
    with lock:
        pass


def by_slot():
    with SLOTTED.lock:
        pass


def closure():
    inner = threading.RLock()

    def work():
        with inner:
            pass

    return inner, work


INNER, BY_CLOSURE = closure()


def line_of(text):
    with open(__file__) as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


@contextmanager
def standing(function):
    """Yield what the profiler says of a thread that runs ``function``, once it stands still."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    seen = waiting = None
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        frame = sys._current_frames().get(thread.ident)
        waiting = waiting_at(frame) if frame is not None else None
        place = (frame.f_code, frame.f_lasti) if frame is not None else None
        if waiting is not None or (place is not None and place == seen):
            break
        seen = place
        time.sleep(0.02)
    yield waiting
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("lock", "function", "expression", "made"),
    [
        (LOCK, by_name, "LOCK", "# module-level"),
        (LOCK, with_timeout, "LOCK", "# module-level"),
        (LOCK, by_argument, "lock", "# module-level"),
        (ACCOUNT.lock, ACCOUNT.with_lock, "self.lock", "self.lock ="),
        (Account.shared, ACCOUNT.acquire, "self.shared", "shared ="),
        (ACCOUNT.gate, ACCOUNT.semaphore, "self.gate", "self.gate ="),
        (ACCOUNT.changed, ACCOUNT.condition, "self.changed", "self.changed ="),
        (ACCOUNT.table["a"], ACCOUNT.element, "self.table['a']", "self.table ="),
        (SLOTTED.lock, by_slot, "SLOTTED.lock", None),
        (INNER, BY_CLOSURE, "inner", "inner ="),
    ],
)
def test_the_lock_its_line_and_where_it_was_made(lock, function, expression, made):
    lock.acquire()
    with standing(function) as waiting:
        held = waiting is not None and is_held(waiting.lock)
        made_at = created_at(waiting) if waiting is not None else None
        lock.release()
    assert waiting is not None
    assert waiting.expression == expression
    assert waiting.at[0] == __file__
    first = function.__code__.co_firstlineno
    assert first < waiting.at[1] <= first + 2
    assert held
    assert made_at is not None
    assert made_at[0] == __file__
    if made is not None:
        assert made_at[1] == line_of(made)
    else:
        # Another class assigns an attribute of that name too: the right one is told.
        assert made_at[1] > line_of("class Slotted")


def test_a_lock_of_the_standard_library_is_shown_at_the_callers_line():
    handler = logging.StreamHandler(io.StringIO())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    handler.acquire()
    with standing(lambda: logger.warning("x")) as waiting:
        handler.release()
        assert waiting is not None
        assert waiting.at[0] == __file__


def waits_for_an_event():
    threading.Event().wait(0.3)


def waits_for_a_queue():
    with pytest.raises(queue.Empty):
        queue.Queue().get(timeout=0.3)


def sleeps():
    time.sleep(0.3)


@pytest.mark.parametrize("function", [waits_for_an_event, waits_for_a_queue, sleeps])
def test_waiting_for_something_else_is_no_lock(function):
    with standing(function) as waiting:
        assert waiting is None
