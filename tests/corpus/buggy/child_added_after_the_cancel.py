"""A child is added to a context that was cancelled after the check: nobody ever cancels the child."""

import threading

EXPECT = {"codes": ["CH104", "CH106"]}


class Cancelled(Exception):
    pass


class Context:
    """After Go's context: cancelling a parent cancels its children."""

    def __init__(self, parent=None):
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._children = set()
        self._parent = parent
        self.err = None
        if parent is not None:
            parent._propagate(self)

    def _propagate(self, child):
        if self.err is not None:  # BUG
            child.cancel(self.err)
            return
        with self._lock:
            self._children.add(child)  # BUG

    def cancel(self, err="cancelled"):
        with self._lock:
            if self.err is not None:  # BUG
                return
            self.err = err  # BUG
            children, self._children = self._children, set()
        self._done.set()
        for child in children:
            child.cancel(err)
        if self._parent is not None:
            self._parent._remove(self)

    def _remove(self, child):
        with self._lock:
            self._children.discard(child)

    def wait(self):
        self._done.wait()  # BUG
        return self.err


def test_child_made_during_cancel(thread_runner):
    root = Context()

    def work():
        return Context(root).wait()

    assert thread_runner.run(work, lambda: root.cancel("stop"))[0] == "stop"


def test_both_cancel(thread_runner):
    root = Context()
    child = Context(root)
    thread_runner.run(lambda: root.cancel("root"), lambda: child.cancel("child"))
    assert root.err == "root"
    assert child.err in ("root", "child")
    assert root._children == set()
