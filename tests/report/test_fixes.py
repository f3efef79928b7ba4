"""The fix of a report is one for the failure at hand."""

from __future__ import annotations

import pytest

from pytester_runs import run

SOURCE = """
import threading
import pytest

class Barrier:
    def __init__(self, parties):
        self.parties, self.count = parties, 0
        self.cond = threading.Condition()
    def wait(self):
        with self.cond:
            self.count += 1
            if self.count == self.parties:
                self.count = 0
                self.cond.notify_all()
            else:
                while self.count != 0:
                    self.cond.wait()

def test_barrier(thread_runner):
    barrier = Barrier(2)
    thread_runner.run(lambda: [barrier.wait(), barrier.wait()], lambda: [barrier.wait(), barrier.wait()])

def test_notified_before(thread_runner):
    cond = threading.Condition()
    def send():
        with cond:
            cond.notify_all()
    def receive():
        with cond:
            cond.wait()
    thread_runner.run(send, receive)

@pytest.mark.stress_threads(workers=0)
def test_no_join():
    out = []
    thread = threading.Thread(target=lambda: out.append(1))
    thread.start()
    assert out == [1]
    thread.join()

class Total:
    value = 0
    def add(self, more):
        self.value = more

def test_last_write(thread_runner):
    total = Total()
    thread_runner.run(lambda: total.add(1), lambda: total.add(2))
    assert total.value == 2
"""


def test_the_fix_is_for_the_failure_at_hand(pytester):
    """In all reports."""
    pytest.importorskip("jinja2")
    done = run(pytester, SOURCE, "--concurrency-report=github", "--concurrency-report=html:page.html")
    page = " ".join((pytester.path / "page.html").read_text(encoding="utf-8").split())

    def fix(name):
        (hazard,) = done.tests[name]["hazards"]
        assert f"Fix: {hazard['fix']}" in " ".join(hazard["detail"].split())
        assert f"Fix: {hazard['fix']}%0ASeed:" in hazard_line(name)
        assert f"<b>Fix</b> {hazard['fix']}</p>" in page
        return hazard["fix"]

    def hazard_line(name):
        return next(line for line in done.result.outlines if line.startswith("::") and f"::{name}: " in line)

    assert done.codes("test_barrier") == ["CH106"]
    assert fix("test_barrier").startswith(
        "Let what is waited for stay true until all who wait have seen it: count rounds"
    )
    assert fix("test_notified_before").startswith("Test the condition in a loop under the lock before waiting")
    assert fix("test_no_join").startswith("Wait for it first: join the thread")
    assert fix("test_last_write").startswith("Make the outcome independent of the order")
