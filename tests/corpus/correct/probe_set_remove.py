"""set.discard does both."""


class Lobby:
    def __init__(self, *names):
        self.waiting = set(names)

    def leave(self, name):
        self.waiting.discard(name)


def test_leave(thread_runner):
    lobby = Lobby("ann", "bob")
    thread_runner.run(lambda: lobby.leave("ann"), lambda: lobby.leave("ann"))
    assert lobby.waiting == {"bob"}
