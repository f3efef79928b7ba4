"""Fixtures are torn down between runs with their threads uncontrolled: a deadlock there must not hang the session."""

from __future__ import annotations

import pytest

from pytester_runs import run

CONFTEST = """
import pytest_concurrency.runners.afresh as afresh
afresh.TEAR_DOWN_LIMIT = 1.0
"""

SERVICE = """
import threading
import time
import pytest

class Service:
    def __init__(self):
        self.lock = threading.Lock()
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self.tick)
        self.thread.start()

    def tick(self):
        self.begun.wait()
        with self.lock:
            pass

    def stop(self):
        with self.lock:
            self.begun.set()
            self.thread.join()

@pytest.fixture
def service():
    service = Service()
    yield service
    service.stop()

@pytest.mark.stress_threads(workers=0)
def test_service(service):
    assert service.thread is not None
"""


def test_deadlock_of_real_threads_is_ended_and_then_found(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    done = run(pytester, SERVICE)
    assert {hazard["code"] for hazard in done.tests["test_service"]["hazards"]} == {"CH104"}
