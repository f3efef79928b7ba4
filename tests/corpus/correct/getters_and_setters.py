"""Getters and setters that lose nothing: a setter that looks first, one that collects, keys of one's own, a lock."""

import threading


class HighWater:
    def __init__(self):
        self._value = 0
        self._lock = threading.Lock()

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        with self._lock:
            if value > self._value:
                self._value = value


class Parts:
    def __init__(self):
        self.parts = []
        self.last = 0

    def get(self):
        return len(self.parts)

    def put(self, part):
        self.parts.append(part)
        self.last = part


class Reference:
    def __init__(self, value):
        self._value = value
        self._lock = threading.Lock()

    def get(self):
        return self._value

    def compare_and_set(self, old, new):
        with self._lock:
            if self._value is not old:
                return False
            self._value = new
            return True


class Table:
    def __init__(self):
        self.data = {}
        self.lock = threading.RLock()

    def __getitem__(self, key):
        return self.data[key]

    def __setitem__(self, key, value):
        self.data[key] = value


def test_highest_wins(thread_runner):
    high = HighWater()

    def reach(n):
        high.value = max(high.value, n)

    thread_runner.run(lambda: reach(3), lambda: reach(7))
    assert high.value == 7


def test_collected(thread_runner):
    parts = Parts()
    thread_runner.run(lambda: parts.put(parts.get() + 1), lambda: parts.put(parts.get() + 2))
    assert len(parts.parts) == 2


def test_optimistic(thread_runner):
    head = Reference(())

    def push(x):
        while True:
            old = head.get()
            if head.compare_and_set(old, (x, old)):
                return

    thread_runner.map(push, "ab")
    assert head.get() in (("a", ("b", ())), ("b", ("a", ())))


def test_own_keys(thread_runner):
    table = Table()

    def mine(key):
        table[key] = 0
        table[key] += 1
        table[key] = table[key] + 1
        return table[key]

    assert thread_runner.map(mine, "ab") == [2, 2]


def test_locked_outside(thread_runner):
    table = Table()
    table["n"] = 0

    def add():
        with table.lock:
            table["n"] += 1

    thread_runner.run(add, add)
    assert table["n"] == 2


def test_looked_at_and_overwritten(thread_runner):
    table = Table()
    table["n"] = 0

    def put(n):
        seen = table["n"]
        table["n"] = n
        return seen

    thread_runner.run(lambda: put(1), lambda: put(2))
    assert table["n"] in (1, 2)
