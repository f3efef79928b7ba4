"""`if x in s: s.remove(x)` raises KeyError for the second."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Lobby:
    def __init__(self, *names):
        self.waiting = set(names)

    def leave(self, name):
        if name in self.waiting:  # BUG
            self.waiting.remove(name)  # BUG


def test_leave(thread_runner):
    lobby = Lobby("ann", "bob")
    thread_runner.run(lambda: lobby.leave("ann"), lambda: lobby.leave("ann"))
    assert lobby.waiting == {"bob"}
