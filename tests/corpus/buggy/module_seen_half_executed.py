"""A module is looked up without its lock: another thread is still executing it."""

import threading
from threading import get_ident

EXPECT = {"codes": ["CH110"]}


class DeadlockError(RuntimeError):
    pass


class ModuleLock:
    """After importlib._bootstrap._ModuleLock: a recursive lock that sees deadlocks coming."""

    blocking_on = {}

    def __init__(self, name):
        self.lock = threading.Lock()
        self.wakeup = threading.Lock()
        self.name = name
        self.owner = None
        self.count = 0
        self.waiters = 0

    def has_deadlock(self):
        me = get_ident()
        tid = self.owner
        seen = set()
        while True:
            lock = ModuleLock.blocking_on.get(tid)
            if lock is None:
                return False
            tid = lock.owner
            if tid == me:
                return True
            if tid in seen:
                return False
            seen.add(tid)

    def acquire(self):
        tid = get_ident()
        ModuleLock.blocking_on[tid] = self
        try:
            while True:
                with self.lock:
                    if self.count == 0 or self.owner == tid:
                        self.owner = tid
                        self.count += 1
                        return True
                    if self.has_deadlock():
                        raise DeadlockError(self.name)
                    if self.wakeup.acquire(False):
                        self.waiters += 1
                self.wakeup.acquire()
                self.wakeup.release()
        finally:
            del ModuleLock.blocking_on[tid]

    def release(self):
        tid = get_ident()
        with self.lock:
            if self.owner != tid:
                raise RuntimeError("cannot release un-acquired lock")
            self.count -= 1
            if self.count == 0:
                self.owner = None
                if self.waiters:
                    self.waiters -= 1
                    self.wakeup.release()


class Importer:
    def __init__(self, sources):
        self.sources = sources
        self.modules = {}
        self.locks = {}
        self.guard = threading.Lock()
        self.executed = []

    def lock_for(self, name):
        with self.guard:
            if name not in self.locks:
                self.locks[name] = ModuleLock(name)
            return self.locks[name]

    def load(self, name):
        if name in self.modules:
            return self.modules[name]  # BUG
        lock = self.lock_for(name)
        lock.acquire()
        try:
            if name in self.modules:
                return self.modules[name]  # BUG
            module = self.modules[name] = {"__name__": name}  # BUG
            self.executed.append(name)
            self.sources[name](module, self)
            return module
        finally:
            lock.release()


def plain(module, importer):
    module["answer"] = 42  # BUG


def uses_plain(module, importer):
    module["plain"] = importer.load("plain")["answer"]


def test_module_is_executed_once(thread_runner):
    importer = Importer({"plain": plain, "user": uses_plain})
    thread_runner.run(lambda: importer.load("plain"), lambda: importer.load("plain"))
    assert importer.executed == ["plain"]


def test_module_is_complete(thread_runner):
    importer = Importer({"plain": plain, "user": uses_plain})
    answers = thread_runner.run(lambda: importer.load("plain")["answer"], lambda: importer.load("user")["plain"])
    assert answers == [42, 42]
    assert sorted(importer.executed) == ["plain", "user"]


def test_cycle(thread_runner):
    def a(module, importer):
        importer.load("b")

    def b(module, importer):
        importer.load("a")

    importer = Importer({"a": a, "b": b})

    def load(name):
        try:
            importer.load(name)
        except DeadlockError:
            return "deadlock"
        return "ok"

    assert set(thread_runner.map(load, ["a", "b"])) <= {"ok", "deadlock"}
