"""A consumer waits for a notification that may have been sent before. Shows CH106, a lost wake-up.

``Condition.notify`` wakes who waits now and is forgotten by tomorrow. The state has to be kept in a variable, and
tested under the lock before waiting.
"""

import threading

import pytest


class Mailbox:
    def __init__(self):
        self.condition = threading.Condition()
        self.letter = None

    def put(self, letter):
        with self.condition:
            self.letter = letter
            self.condition.notify()

    def get(self):
        with self.condition:
            self.condition.wait()
            return self.letter


class CarefulMailbox(Mailbox):
    def get(self):
        with self.condition:
            self.condition.wait_for(lambda: self.letter is not None)
            return self.letter


def exchange(mailbox):
    received = []
    consumer = threading.Thread(target=lambda: received.append(mailbox.get()))
    producer = threading.Thread(target=mailbox.put, args=("hello",))
    consumer.start()
    producer.start()
    consumer.join()
    producer.join()
    assert received == ["hello"]


@pytest.mark.stress_threads(workers=0)
def test_wait_without_a_look():
    exchange(Mailbox())


@pytest.mark.stress_threads(workers=0)
def test_wait_for_a_state():
    exchange(CarefulMailbox())
