"""Handlers in a tuple, so that readers need no lock; writers do."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Signal:
    handlers = ()

    def connect(self, handler):
        known = self.handlers  # BUG
        if handler not in known:
            self.handlers = (*known, handler)  # BUG

    def send(self, value):
        return [handler(value) for handler in self.handlers]


def test_connect(thread_runner):
    signal = Signal()
    thread_runner.run(lambda: signal.connect(str), lambda: signal.connect(float))
    assert len(signal.send(1)) == 2
