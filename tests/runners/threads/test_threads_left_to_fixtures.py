"""Threads that the body starts and a fixture ends are no leak."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """
import threading, unittest
import pytest
class Service:
    def __init__(self): self.stop = threading.Event()
    def start(self):
        self.thread = threading.Thread(target=self.stop.wait)
        self.thread.start()
@pytest.fixture
def service():
    service = Service()
    yield service
    service.stop.set()
    service.thread.join()
@pytest.fixture
def other(): yield 1
controlled = pytest.mark.stress_threads(workers=0, schedules=5)
@controlled
def test_ended(service): service.start()
@controlled
def test_left(other): Service().start()
@controlled
class TestOld(unittest.TestCase):
    def setUp(self): self.service = Service()
    def tearDown(self): self.service.stop.set()
    def test_ended(self): self.service.start()
"""


def test_who_ends_them(pytester):
    done = run(pytester, SOURCE)
    assert done.codes("test_ended") == []
    assert done.codes("test_left") == ["CH109"]
    assert done.codes("TestOld::test_ended") == [], done.text
