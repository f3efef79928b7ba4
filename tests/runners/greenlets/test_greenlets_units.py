"""The pure parts: verdicts, call sites, overlap, the channel, the guard."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
import threading
import types
from dataclasses import replace
from time import perf_counter
from types import SimpleNamespace

import pytest

pytest.importorskip("gevent")

from pytest_concurrency.runners.greenlets import verdict
from pytest_concurrency.runners.greenlets.bindings import binding_of
from pytest_concurrency.runners.greenlets.callsite import MISSING, callee_of
from pytest_concurrency.runners.greenlets.channel import Channel, Closed, Expired
from pytest_concurrency.runners.greenlets.evidence import Block, FrameView, Sample, SlowCall, Who, view_stack
from pytest_concurrency.runners.greenlets.exact import ExactCalls
from pytest_concurrency.runners.greenlets.guard import Guard
from pytest_concurrency.runners.greenlets.kernel import Sleeping
from pytest_concurrency.runners.greenlets.serial import most_at_once
from pytest_concurrency.runners.greenlets.syscalls import NAMES
from pytest_concurrency.runners.greenlets.verdict import BLOCKED, CPU, observe, reportable, unexplained

MAX_BLOCK = 0.010
HERE = (view_stack(sys._getframe(), 0)[0],)


def looks(count: int, sleeping: Sleeping | None, apart: float = 0.001) -> tuple[Sample, ...]:
    return tuple(Sample(number * apart, 1, HERE, sleeping) for number in range(count))


def block(seconds: float, cpu: float, samples: tuple[Sample, ...], collecting: float = 0.0) -> Block:
    return Block(Who("0.0"), seconds, cpu, collecting, samples)


@pytest.mark.parametrize(
    ("evidence", "kinds"),
    [
        (block(0.050, 0.001, looks(8, Sleeping("clock_nanosleep"))), [BLOCKED]),
        (block(0.050, 0.048, looks(8, None)), [CPU]),
        (block(0.050, 0.012, looks(8, None)), [CPU]),  # a busy machine took the processor away
        (block(0.050, 0.004, looks(8, None)), []),  # preempted
        (block(0.050, 0.004, ()), []),
        (block(0.050, 0.001, looks(1, Sleeping("read"))), []),  # one look is not enough
        (block(0.050, 0.001, looks(8, Sleeping("futex"))), [BLOCKED]),
        (block(0.050, 0.001, looks(5, Sleeping("futex"), apart=0.006)), []),  # waits for the interpreter
        (block(0.050, 0.001, looks(8, Sleeping("read", on_disk=True))), []),
        (block(0.500, 0.001, looks(8, Sleeping("read", on_disk=True))), [BLOCKED]),
        (block(0.500, 0.001, looks(8, Sleeping("write", on_output=True))), []),
        (block(0.050, 0.000, looks(8, None), collecting=0.045), []),  # garbage collection
        (block(0.050, 0.001, looks(3, Sleeping("read")) + looks(5, None)), []),  # asleep too seldom
    ],
)
def test_verdict(evidence, kinds):
    assert [observation.kind for observation in observe(evidence, MAX_BLOCK)] == kinds


def test_exact_mode_is_asked_for_where_nothing_was_seen():
    assert unexplained(block(0.060, 0.001, ()), MAX_BLOCK)
    assert unexplained(block(0.020, 0.019, ()), MAX_BLOCK)
    assert not unexplained(block(0.020, 0.001, ()), MAX_BLOCK)  # short, idle and unseen: preempted
    assert not unexplained(block(0.050, 0.001, looks(8, Sleeping("clock_nanosleep"))), MAX_BLOCK)


@pytest.mark.parametrize(
    ("ats", "moves", "at_rest", "doubtful"),
    [
        ((0.011, 0.012, 0.013), False, True, False),
        ((0.011, 0.016, 0.021), True, False, False),
        ((0.011, 0.016, 0.021), False, False, False),  # a loop that changes no variable
        ((0.045,), False, False, True),  # a call, or a loop that was seen once: exact mode tells
    ],
)
def test_a_computation_that_was_seen_at_a_call_is_that_call_only_where_it_stays_there(ats, moves, at_rest, doubtful):
    frames = [tuple(HERE) if not moves else (view_stack(sys._getframe(), 0)[0],) for _ in ats]
    samples = tuple(Sample(at, 1, seen, None) for at, seen in zip(ats, frames, strict=True))
    (observation,) = observe(block(0.050, 0.048, samples), MAX_BLOCK)
    assert (observation.at_rest, observation.doubtful) == (at_rest, doubtful)
    assert unexplained(block(0.050, 0.048, samples), MAX_BLOCK) is doubtful


class Table:
    def __init__(self):
        self.rows = [float(n) for n in range(20_000)]


def test_timing_each_call_is_no_part_of_the_call_around_them():
    monitor = SimpleNamespace(switches=0, slow_calls=[])
    calls = ExactCalls(monitor, 0.001)
    began = perf_counter()
    calls.start()
    try:
        sorted(range(20_000), key=lambda n: abs(n))
        Table()
    finally:
        calls.stop()
    seconds = perf_counter() - began
    longest = max(monitor.slow_calls, key=lambda call: call.seconds)
    assert longest.function is sorted and longest.seconds < seconds / 2
    assert all(call.function is not Table for call in monitor.slow_calls)


def test_a_short_call_in_which_the_processor_was_taken_away_is_not_what_computes():
    calls = tuple(SlowCall(HERE, min, None, 0.020, cpu) for cpu in (0.0001, 0.019))
    evidence = block(0.030, 0.028, looks(3, None))
    for call, told in zip(calls, (None, calls[1]), strict=True):
        (observation,) = observe(replace(evidence, calls=(call,)), MAX_BLOCK)
        assert observation.call is told


def test_a_frame_that_has_been_round_its_loop_does_not_stand_where_it_stood():
    def count():
        for n in range(3):
            yield 2 * n

    steps = count()
    next(steps)
    view = view_stack(steps.gi_frame)[0]
    assert view.stands(steps.gi_frame)
    next(steps)
    assert view.lasti == steps.gi_frame.f_lasti
    assert not view.stands(steps.gi_frame)


class Trap:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.touched: list[str] = []

    @property
    def ran(self) -> object:
        self.touched.append("property")
        return self.lock

    def __getattr__(self, name: str) -> object:
        self.touched.append(name)
        return self.lock

    def __getitem__(self, key: object) -> object:
        self.touched.append("item")
        return self.lock


def imported(source):
    """The module that the file ``source`` holds."""
    spec = importlib.util.spec_from_file_location(source.stem, source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seen_from(function) -> FrameView:
    """Return the frame of ``function`` while it calls ``look()``, which it is given."""
    views = []
    function(lambda: views.append(view_stack(sys._getframe(1))[0]))
    return views[0]


def test_callee_is_resolved_without_running_anything(tmp_path):
    source = tmp_path / "calls.py"
    source.write_text(
        "def plain(look):\n    look()\n"
        "def attribute(trap):\n    return trap.lock.acquire\n"
        "def default(look, wait=print):\n    wait = look\n    wait()\n"
    )
    module = imported(source)
    frame = seen_from(module.plain)
    callee = callee_of(frame)
    assert (callee.text, callee.shown) == ("look", "look()")
    assert isinstance(callee.function, types.FunctionType)

    import ast

    from pytest_concurrency.runners.greenlets.callsite import Names

    trap = Trap()
    names = Names(FrameView(frame.code, 0, 1, {"trap": trap, "table": {"a": trap}}, {}))

    def resolve(text: str) -> object:
        return names.resolve(ast.parse(text, mode="eval").body)

    assert resolve("trap.lock") is trap.lock
    assert resolve("table['a'].lock") is trap.lock
    for text in ("trap.ran", "trap.missing", "trap['a']", "trap()", "nothing", "table['b']"):
        assert resolve(text) is MISSING, text
    assert trap.touched == []


def test_a_loop_waits_for_what_it_iterates_over_not_in_the_call_that_made_it(tmp_path):
    source = tmp_path / "loops.py"
    source.write_text("def loop(look):\n    for _ in iter(look, True):\n        pass\n")
    module = imported(source)
    views = []

    def look() -> bool:
        views.append(view_stack(sys._getframe(1))[0])
        return True

    module.loop(look)
    assert callee_of(views[0]).shown == "iteration of iter(look, True)"


def test_binding_of_a_default_argument(tmp_path):
    source = tmp_path / "bound.py"
    source.write_text("import time\n\ndef nap(look, *,\n        sleep=time.sleep):\n    look()\n")
    module = imported(source)
    import ast

    binding = binding_of(ast.Name("sleep"), seen_from(module.nap), None)
    assert (binding.how, binding.line) == ("the default of parameter 'sleep'", 4)


@pytest.mark.parametrize(
    ("spans", "most"),
    [([], 0), ([(0, 1)], 1), ([(0, 1), (1, 2)], 1), ([(0, 2), (1, 3)], 2), ([(0, 9), (1, 2), (3, 4)], 2)],
)
def test_most_at_once(spans, most):
    assert most_at_once(spans) == most


def test_channel():
    here, there = os.pipe()
    back, forth = os.pipe()
    one, other = Channel(here, forth), Channel(back, there)
    large = b"x" * 10_000
    other.send("name", 1, large)
    other.send("second")
    assert one.receive(1.0) == ("name", 1, large)
    assert one.receive(1.0) == ("second",)
    with pytest.raises(Expired):
        one.receive(0.01)
    other.close()
    with pytest.raises(Closed):
        one.receive(1.0)
    with pytest.raises(Closed):
        one.send("too late")
    one.close()


def test_guard_leaves_nothing_behind():
    before = list(sys.meta_path)
    guard = Guard()
    guard.install()
    guard.remove()
    assert sys.meta_path == before


def test_tables_of_system_calls_are_well_formed():
    assert NAMES["x86_64"][230] == "clock_nanosleep"
    assert NAMES["aarch64"][115] == "clock_nanosleep"


def test_reasons_to_skip(monkeypatch):
    from pytest_concurrency.runners.greenlets import availability

    monkeypatch.setattr(availability, "FREE_THREADED", False)
    assert availability.unusable_reason() is None
    monkeypatch.setattr(availability.importlib.util, "find_spec", lambda name: None)
    assert "not installed" in availability.unusable_reason()
    monkeypatch.setattr(availability, "FREE_THREADED", True)
    assert "free-threaded" in availability.unusable_reason()


def test_locks_of_the_library_are_not_instrumented() -> None:
    import queue

    from pytest_concurrency.runners.greenlets.orders.instruments import chooser

    divided = chooser("/project", (), frozenset()).divide([queue.Queue.put, queue.Queue.get])
    assert not (divided.mine or divided.made or divided.library)


def test_what_the_plugin_has_called_is_not_the_programs(tmp_path):
    def frame(path: str) -> FrameView:
        return FrameView(compile("", path, "exec"), 0, 1, {}, None)

    users = tmp_path / "users.py"
    users.touch()
    library, ours, own = frame(ast.__file__), frame(verdict.__file__), frame(str(users))
    assert reportable((library, own, ours))
    assert not reportable((library, ours, own))
    assert not reportable((library, ours))


@pytest.mark.parametrize(
    ("runs", "repeats", "was_exact", "unsettled", "wanted"),
    [
        (1, 10, False, True, False),  # a second plain repeat settles what the first has seen
        (1, 10, False, False, True),
        (1, 2, False, True, True),
        (2, 10, False, True, True),
        (3, 10, True, True, False),
    ],
)
def test_when_calls_are_timed(runs, repeats, was_exact, unsettled, wanted):
    from pytest_concurrency.runners.greenlets.running import StressedTest

    test = StressedTest.__new__(StressedTest)
    test._gathered = SimpleNamespace(needs_exact=True, unsettled=lambda: unsettled)  # type: ignore[assignment]
    test._plan = SimpleNamespace(settings=SimpleNamespace(repeats=repeats))  # type: ignore[assignment]
    test._runs, test._exact_runs, test._was_exact = runs, 0, was_exact
    assert test._wants_exact() is wanted
