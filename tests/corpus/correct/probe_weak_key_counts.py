"""Counts by object in a WeakKeyDictionary, under a lock."""

import threading
import weakref


class Client:
    pass


class Requests:
    def __init__(self):
        self.counts = weakref.WeakKeyDictionary()
        self.lock = threading.Lock()

    def count(self, client):
        with self.lock:
            self.counts[client] = self.counts.get(client, 0) + 1


def test_counts(thread_runner):
    requests, client = Requests(), Client()
    thread_runner.run(lambda: requests.count(client), workers=2)
    assert requests.counts[client] == 2
