"""Removing from a list while another worker walks it makes the walk skip one."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Newsletter:
    def __init__(self, readers):
        self.readers = list(readers)

    def cancel(self, reader):
        self.readers.remove(reader)  # BUG

    def send(self):
        sent = []
        for reader in self.readers:  # BUG
            sent.append(reader)
        return sent


def test_everyone_else_gets_it(thread_runner):
    letter = Newsletter(["ann", "bob", "cid"])
    sent, _ = thread_runner.run(letter.send, lambda: letter.cancel("ann"))
    assert "bob" in sent and "cid" in sent
