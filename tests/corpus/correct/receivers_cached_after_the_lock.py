"""The right version of buggy/receivers_cached_after_the_lock.py."""

import threading
import weakref

NO_RECEIVERS = object()


class Signal:
    def __init__(self, use_caching=True):
        self.receivers = []
        self.lock = threading.Lock()
        self.use_caching = use_caching
        self.sender_receivers_cache = {}
        self._dead_receivers = False

    def connect(self, receiver, sender=None):
        key = (id(receiver), id(sender))
        with self.lock:
            self._clear_dead_receivers()
            if not any(k == key for k, _ in self.receivers):
                self.receivers.append((key, weakref.ref(receiver, self._remove_receiver)))
            self.sender_receivers_cache.clear()

    def disconnect(self, receiver, sender=None):
        key = (id(receiver), id(sender))
        gone = False
        with self.lock:
            self._clear_dead_receivers()
            for index in range(len(self.receivers)):
                if self.receivers[index][0] == key:
                    gone = True
                    del self.receivers[index]
                    break
            self.sender_receivers_cache.clear()
        return gone

    def _remove_receiver(self, ref=None):
        self._dead_receivers = True

    def _clear_dead_receivers(self):
        if self._dead_receivers:
            self._dead_receivers = False
            self.receivers = [r for r in self.receivers if r[1]() is not None]

    def _live_receivers(self, sender):
        receivers = None
        if self.use_caching and not self._dead_receivers:
            receivers = self.sender_receivers_cache.get(sender)
            if receivers is NO_RECEIVERS:
                return []
        if receivers is None:
            with self.lock:
                self._clear_dead_receivers()
                receivers = [ref for (_, s), ref in self.receivers if s in (id(None), id(sender))]
                if self.use_caching:
                    self.sender_receivers_cache[sender] = receivers or NO_RECEIVERS
        live = [ref() for ref in receivers]
        return [r for r in live if r is not None]

    def send(self, sender, **named):
        return [(r, r(sender=sender, **named)) for r in self._live_receivers(sender)]


class Model:
    pass


def test_connect_while_sending(thread_runner):
    signal = Signal()

    def receiver(sender, **kwargs):
        return "got"

    thread_runner.run(lambda: signal.send(Model), lambda: signal.connect(receiver, Model))
    assert signal.send(Model) == [(receiver, "got")]


def test_disconnect_two(thread_runner):
    signal = Signal()

    def a(sender):
        return "a"

    def b(sender):
        return "b"

    def c(sender):
        return "c"

    for r in (a, b, c):
        signal.connect(r)
    assert thread_runner.run(lambda: signal.disconnect(a), lambda: signal.disconnect(b)) == [True, True]
    assert signal.send(Model) == [(c, "c")]


def test_receiver_that_dies(thread_runner):
    signal = Signal()

    def keep(sender):
        return 1

    def lose(sender):
        return 2

    signal.connect(keep)
    signal.connect(lose)
    holder = [lose]
    del lose

    sent, _ = thread_runner.run(lambda: [v for _, v in signal.send(Model)], holder.clear)
    assert 1 in sent
    assert signal.send(Model) == [(keep, 1)]
