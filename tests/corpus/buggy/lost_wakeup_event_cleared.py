"""The consumer clears the event after taking the work: a set() in between is erased."""

import threading

EXPECT = {"codes": ["CH106", "CH104"], "max_schedule": None}


class Inbox:
    def __init__(self):
        self.mail = []
        self.arrived = threading.Event()

    def deliver(self, letter):
        self.mail.append(letter)
        self.arrived.set()  # BUG

    def read_two(self):
        letters = []
        while len(letters) < 2:
            self.arrived.wait()  # BUG
            while self.mail:
                letters.append(self.mail.pop())
            self.arrived.clear()  # BUG
        return letters


def test_inbox(thread_runner):
    inbox = Inbox()

    def postman():
        inbox.deliver("bill")
        inbox.deliver("card")

    letters, _ = thread_runner.run(inbox.read_two, postman)
    assert sorted(letters) == ["bill", "card"]
