"""A WeakSet of listeners that are kept alive by their owner."""

import weakref


class Listener:
    pass


def test_listeners(thread_runner):
    listeners = weakref.WeakSet()
    owned = [Listener(), Listener()]
    thread_runner.map(listeners.add, owned)
    assert len(listeners) == 2
    assert all(listener in listeners for listener in owned)
