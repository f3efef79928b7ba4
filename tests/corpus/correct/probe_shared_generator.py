"""A generator behind a lock may be shared."""

import threading


def ticket_numbers():
    number = 0
    while True:
        number = number + 1
        yield number


class Locked:
    def __init__(self, generator):
        self.generator = generator
        self.lock = threading.Lock()

    def __next__(self):
        with self.lock:
            return next(self.generator)


def test_tickets(thread_runner):
    tickets = Locked(ticket_numbers())
    got = thread_runner.run(lambda: next(tickets), lambda: next(tickets))
    assert sorted(got) == [1, 2]
