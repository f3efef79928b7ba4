"""Counts by object in a WeakKeyDictionary: get and set are two steps."""

import weakref

EXPECT = {"codes": ["CH110", "CH101", "CH102"], "max_schedule": None}


class Client:
    pass


class Requests:
    def __init__(self):
        self.counts = weakref.WeakKeyDictionary()

    def count(self, client):
        self.counts[client] = self.counts.get(client, 0) + 1  # BUG


def test_counts(thread_runner):
    requests, client = Requests(), Client()
    thread_runner.run(lambda: requests.count(client), workers=2)
    assert requests.counts[client] == 2
