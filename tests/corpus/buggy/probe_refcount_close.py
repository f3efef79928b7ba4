"""The last user closes the file: decrement, then test, are two steps."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class SharedFile:
    def __init__(self, users):
        self.users = users
        self.closed = 0

    def release(self):
        self.users -= 1  # BUG
        if self.users == 0:  # BUG
            self.closed += 1  # BUG


def test_closed_once(thread_runner):
    shared = SharedFile(2)
    thread_runner.run(shared.release, shared.release)
    assert shared.closed == 1
