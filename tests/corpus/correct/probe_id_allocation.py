"""The next id is handed out and advanced under a lock."""

import threading


class Ids:
    def __init__(self):
        self.next_id = 1
        self.lock = threading.Lock()

    def allocate(self):
        with self.lock:
            mine = self.next_id
            self.next_id = mine + 1
        return mine


def test_ids_are_unique(thread_runner):
    ids = Ids()
    a, b, c = thread_runner.run(ids.allocate, ids.allocate, ids.allocate)
    assert len({a, b, c}) == 3
