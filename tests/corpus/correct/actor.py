"""An actor: one thread owns the state, others send it messages."""

import queue
import threading

import pytest


class Account(threading.Thread):
    def __init__(self):
        super().__init__()
        self.inbox = queue.Queue()
        self.balance = 0

    def run(self):
        while True:
            amount, reply = self.inbox.get()
            if amount is None:
                return
            self.balance += amount
            reply.put(self.balance)

    def ask(self, amount):
        reply = queue.Queue()
        self.inbox.put((amount, reply))
        return reply.get()


@pytest.mark.stress_threads(workers=0)
def test_actor():
    account = Account()
    account.start()
    seen = []
    clients = [threading.Thread(target=lambda n=n: seen.append(account.ask(n))) for n in (5, 7)]
    for c in clients:
        c.start()
    for c in clients:
        c.join()
    account.inbox.put((None, None))
    account.join()
    assert account.balance == 12
    assert max(seen) == 12
