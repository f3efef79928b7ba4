"""The tear-down of a fixture joins a thread under the lock that the thread needs."""

import threading

import pytest

EXPECT = {"codes": ("CH104",)}


class Service:
    def __init__(self):
        self.lock = threading.Lock()
        self.ticks = 0
        self.thread = threading.Thread(target=self.tick)
        self.thread.start()

    def tick(self):
        with self.lock:  # BUG
            self.ticks += 1

    def stop(self):
        with self.lock:
            self.thread.join()  # BUG


@pytest.fixture
def service():
    service = Service()
    yield service
    service.stop()


@pytest.mark.stress_threads(workers=0)
def test_service(service):
    assert service.thread is not None
