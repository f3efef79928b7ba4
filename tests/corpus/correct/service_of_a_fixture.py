"""Threads that fixtures start and stop belong to the test: they share its virtual time and its schedules."""

import queue
import threading
import time

import pytest


class Heartbeat(threading.Thread):
    def __init__(self, interval):
        super().__init__(daemon=True)
        self.interval = interval
        self.stopping = threading.Event()
        self.beats = 0

    def run(self):
        while not self.stopping.wait(self.interval):
            self.beats += 1


@pytest.fixture
def heartbeat():
    thread = Heartbeat(60)
    thread.start()
    yield thread
    thread.stopping.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.stress_threads(workers=0)
def test_beats(heartbeat):
    deadline = time.monotonic() + 600
    while heartbeat.beats < 3:
        assert time.monotonic() < deadline
        time.sleep(5)


class Service:
    def __init__(self):
        self.requests = queue.Queue()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while (request := self.requests.get()) is not None:
            text, reply = request
            reply.put(text.upper())

    def call(self, text):
        reply = queue.Queue()
        self.requests.put((text, reply))
        return reply.get(timeout=2)

    def stop(self):
        self.requests.put(None)
        self.thread.join()


class TestService:
    def setup_method(self):
        self.service = Service()

    def teardown_method(self):
        self.service.stop()

    @pytest.mark.stress_threads
    def test_call(self):
        assert self.service.call("a") == "A"

    def test_two_callers(self, thread_runner):
        assert thread_runner.map(self.service.call, "ab") == ["A", "B"]
