"""A status that each worker overwrites without reading it."""


class Presence:
    last_seen = None

    def ping(self, who):
        self.last_seen = who
        return who


def test_presence(thread_runner):
    presence = Presence()
    assert thread_runner.map(presence.ping, ["ann", "bob"]) == ["ann", "bob"]
    assert presence.last_seen in ("ann", "bob")
