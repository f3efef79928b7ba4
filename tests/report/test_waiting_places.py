"""Where a stuck worker is said to wait, and how a report shows what was done many times over."""

from __future__ import annotations

import re

from pytest_concurrency.report.repeats import without_repeats
from pytest_concurrency.trace.outcome import Row
from pytester_runs import run

SOURCE = """\
import threading

def test_opposite_orders(thread_runner):
    first, second = threading.Lock(), threading.Lock()
    ready = threading.Event()
    def one():
        ready.set()  # what it did last with the library is not where it waits
        with first:
            with second:  # here
                pass
    def two():
        ready.is_set()
        with second:
            with first:  # here
                pass
    thread_runner.run(one, two)
"""


def test_a_worker_waits_at_its_own_with_statement(pytester):
    done = run(pytester, SOURCE)
    (hazard,) = done.tests["test_opposite_orders"]["hazards"]
    assert hazard["code"] == "CH104"
    lines = SOURCE.splitlines()
    waits = [place for place in hazard["locations"] if place["action"] == "wait"]
    assert [lines[place["line"] - 1].rpartition("# ")[2] for place in waits] == ["here", "here"], hazard["message"]


LIBRARY = """\
import queue, threading
import pytest
from concurrent.futures import ThreadPoolExecutor

def test_barrier(thread_runner):
    barrier = threading.Barrier(3)
    thread_runner.run(barrier.wait, barrier.wait)  # Barrier.wait

@pytest.mark.stress_threads(workers=0)
def test_get():
    thread = threading.Thread(target=queue.Queue().get)
    thread.start()  # Queue.get
    thread.join()

@pytest.mark.stress_threads(workers=0)
def test_callback():
    full = queue.Queue(1)
    with ThreadPoolExecutor(1) as pool:
        for number in range(2):
            future = pool.submit(pow, number, 2)  # Queue.put
            future.add_done_callback(full.put)

@pytest.mark.stress_threads(workers=0)
def test_wait_for():
    changed = threading.Condition()
    def wait():
        with changed:
            changed.wait_for(lambda: False)  # Condition.wait_for
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()

@pytest.mark.stress_threads(workers=0)
def test_join_under_lock():
    lock = threading.Lock()
    def need():
        with lock:
            pass
    with lock:
        thread = threading.Thread(target=need)
        thread.start()
        thread.join()
"""


def test_what_a_worker_does_in_the_library_is_placed_in_the_code_under_test(pytester):
    done = run(pytester, LIBRARY)
    lines = LIBRARY.splitlines()
    for test in ("test_barrier", "test_get", "test_callback", "test_wait_for"):
        (hazard,) = done.tests[test]["hazards"]
        waits = {(place["line"], place["target"]) for place in hazard["locations"]
                 if place["action"] == "wait" and place["worker"] != "main" and "." in place["target"]}  # fmt: skip
        assert {lines[line - 1].rpartition("# ")[2] for line, _ in waits} == {target for _, target in waits}, test
        assert next(iter(waits))[1] in hazard["message"]


def test_a_test_that_joins_who_needs_its_lock_is_named(pytester):
    done = run(pytester, LIBRARY)
    (hazard,) = done.tests["test_join_under_lock"]["hazards"]
    assert "the test waits at test_it.py:42 for the end of worker 0" in hazard["message"]
    assert "for the lock held by the test" in hazard["message"]


def row(line: int, worker: str = "0", value: str = "", step: int = 0) -> Row:
    return Row(worker, "/r/a.py", line, "read", "flag", value, f"s{line}", step, 1)


def told(rows: list[Row]) -> list[str]:
    return [f"{r.worker}:{r.line}" if r.line else r.action for r in rows]


def test_a_row_that_is_repeated_is_shown_first_and_last():
    rows = [row(1), *(row(2, step=step) for step in range(30)), row(3)]
    assert told(without_repeats(rows, ())) == ["0:1", "0:2", "28 times more", "0:2", "0:3"]


def test_a_loop_of_several_rows_is_shown_first_and_last():
    rows = [row(1), *[row(2), row(3), row(4)] * 9, row(5)]
    assert told(without_repeats(rows, ())) == [
        "0:1",
        *["0:2", "0:3", "0:4"],
        "7 times more",
        "0:2",
        "0:3",
        "0:4",
        "0:5",
    ]


def test_little_repetition_other_workers_and_other_values_are_shown_as_they_are():
    rows = [*[row(1)] * 3, row(1, "1"), row(1), row(1, value="a"), row(1, value="b"), row(1, value="c"), row(2)]
    assert without_repeats(rows, ()) == rows


def test_a_row_that_decides_is_shown():
    rows = [row(2, step=step) for step in range(30)]
    assert rows[12] in without_repeats(rows, [rows[12]])


CHECKED = """\
def test_scan(thread_runner):
    sessions = {"a": 1}
    def login():
        sessions["c"] = 5
    thread_runner.run(lambda: sum(v for k, v in sessions.items()), login)
"""


def test_the_cause_of_a_failure_is_drawn_once(pytester):
    done = run(pytester, CHECKED, "-v")
    assert set(done.codes("test_scan")) >= {"CH102", "CH110"}
    assert len(re.findall(r"worker 0 +worker 1 +source", done.text)) == 1
    assert done.text.count("With it: CH102") == done.text.count("Fix of CH102") == 1
    assert "test_scan: CH102" not in done.text, "nor told once more in the summary"
    assert "1 CH102 atomicity violation" in done.text
    alone = run(pytester, CHECKED, "--tb=no").text
    assert "test_scan: CH102 atomicity violation: worker 0 looked at" in alone


DIES = """\
import json, threading

def parse(text):
    return json.loads(text)

def work(text):
    return parse(text)

def test_dies(thread_runner):
    worker = threading.Thread(target=work, args=("{",))
    worker.start()
    worker.join()
"""


def test_the_calls_that_led_to_a_workers_exception_are_shown(pytester):
    done = run(pytester, DIES)
    assert done.codes("test_dies") == ["CH108"]
    detail = done.tests["test_dies"]["hazards"][0]["detail"].splitlines()
    at = detail.index("JSONDecodeError was raised in:")
    assert detail[at + 1] == "    test_it.py:7 in work: return parse(text)"
    assert detail[at + 2] == "    test_it.py:4 in parse: return json.loads(text)"
    assert any("decoder.py:" in line for line in detail[at + 3 :]), detail


SLEEPS = """\
import time

def test_sleeps(thread_runner):
    thread_runner.run(lambda: time.sleep(2), lambda: None)
"""


def test_a_note_says_that_the_test_sleeps_and_for_how_long(pytester):
    done = run(pytester, SLEEPS)
    said = "not run freely on real threads: the test sleeps or waits for time-outs (2 s in the first schedule)"
    assert said in done.tests["test_sleeps"]["notes"]


UNDER_A_LOCK = """\
import queue, threading
import pytest

@pytest.mark.stress_threads(workers=0)
def test_put():
    jobs, lock = queue.Queue(1), threading.Lock()
    def work():
        for _ in range(4):
            jobs.get()
            with lock:
                pass
    thread = threading.Thread(target=work)
    thread.start()
    for number in range(4):
        with lock:
            jobs.put(number)
    thread.join()
"""


def test_the_lanes_end_with_what_the_test_itself_waits_for(pytester):
    done = run(pytester, UNDER_A_LOCK)
    (hazard,) = done.tests["test_put"]["hazards"]
    assert "the test waits at test_it.py:16 for Queue.put" in hazard["message"]
    told = [(step["worker"], step["action"], step["value"]) for step in hazard["steps"]]
    assert told[-4:] == [
        ("0", "wait for", "held by the test"), ("main", "release", ""), ("main", "acquire", ""), ("main", "put", "")
    ], told  # fmt: skip
