"""The thread of a fixture dies of a message it cannot handle; nobody looks."""

import queue
import threading

import pytest

EXPECT = {"codes": ("CH108",)}


class Writer:
    def __init__(self):
        self.lines = []
        self.inbox = queue.Queue()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while (item := self.inbox.get()) is not None:
            self.lines.append(item[0] + item[1])  # BUG


@pytest.fixture
def writer():
    writer = Writer()
    yield writer
    writer.inbox.put(None)
    writer.thread.join()


@pytest.mark.stress_threads(workers=0)
def test_writer(writer):
    writer.inbox.put(("level", 3))
