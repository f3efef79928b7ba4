"""Promise: a value may be set once only; the sentinel check and the store are apart."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Promise:
    def __init__(self):
        self.box = {}

    def resolve(self, value):
        if "value" in self.box:  # BUG
            return False
        self.box["value"] = value  # BUG
        return True


def test_resolved_once(thread_runner):
    promise = Promise()
    won = thread_runner.map(promise.resolve, [1, 2])
    assert won.count(True) == 1
