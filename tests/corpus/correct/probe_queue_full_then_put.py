"""A queue is put into without waiting; where it is full it says so."""

import queue


class Mailbox:
    def __init__(self, size):
        self.letters = queue.Queue(size)
        self.refused = []

    def drop(self, letter):
        try:
            self.letters.put_nowait(letter)
        except queue.Full:
            self.refused.append(letter)


def test_mailbox(thread_runner):
    mailbox = Mailbox(1)
    thread_runner.map(mailbox.drop, ["bill", "card"])
    assert len(mailbox.refused) == 1
