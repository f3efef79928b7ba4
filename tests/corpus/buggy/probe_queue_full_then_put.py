"""A queue is asked whether it is full, then put into without waiting."""

import queue

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Mailbox:
    def __init__(self, size):
        self.letters = queue.Queue(size)
        self.refused = []

    def drop(self, letter):
        if self.letters.full():  # BUG
            self.refused.append(letter)
        else:
            self.letters.put_nowait(letter)  # BUG


def test_mailbox(thread_runner):
    mailbox = Mailbox(1)
    thread_runner.map(mailbox.drop, ["bill", "card"])
    assert len(mailbox.refused) == 1
