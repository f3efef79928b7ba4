"""The walk is over a tuple made under the lock that remove takes."""

import threading


class Newsletter:
    def __init__(self, readers):
        self.readers = list(readers)
        self.lock = threading.Lock()

    def cancel(self, reader):
        with self.lock:
            self.readers.remove(reader)

    def send(self):
        sent = []
        with self.lock:
            readers = tuple(self.readers)
        for reader in readers:
            sent.append(reader)
        return sent


def test_everyone_else_gets_it(thread_runner):
    letter = Newsletter(["ann", "bob", "cid"])
    sent, _ = thread_runner.run(letter.send, lambda: letter.cancel("ann"))
    assert "bob" in sent and "cid" in sent
