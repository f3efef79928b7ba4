"""The answer takes as long as the asker waits for it; a default written then overwrites the answer."""

import threading
import time

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": 60}


class Request:
    def __init__(self):
        self.arrived = threading.Event()
        self.value = "nothing"

    def answer(self):
        time.sleep(0.1)
        self.value = "answer"  # BUG
        self.arrived.set()

    def ask(self):
        if not self.arrived.wait(timeout=0.1):
            self.value = "default"  # BUG


@pytest.fixture
def request_():
    return Request()


def test_the_answer_stays(thread_runner, request_):
    thread_runner.run(request_.answer, request_.ask)
    assert request_.value == "answer"
