"""WorkStealQueue: the queue of Cilk's THE protocol; the owner pushes and pops without a lock, thieves lock.

``push`` thinks that there is room for one element more than there is, so it can overwrite an element that a
thief has claimed and not yet read: one item is then done twice and another not at all.
"""

import threading

import pytest

INITIAL_SIZE = 2  # a power of two
ITEMS = 4
STEAL_ATTEMPTS = 2


class Item:
    def __init__(self):
        self.field = 0

    def operation(self):
        self.field += 1


class WorkStealQueue:
    def __init__(self, size, slack):
        self.lock = threading.Lock()
        self.head = 0
        self.tail = 0
        self.mask = size - 1
        self.elems = [None] * size
        self.slack = slack

    def steal(self):
        with self.lock:
            h = self.head
            self.head = h + 1
            if h < self.tail:
                return self.elems[h & self.mask]
            self.head = h
            return None

    def pop(self):
        t = self.tail - 1
        self.tail = t
        if self.head <= t:
            return self.elems[t & self.mask]
        self.tail = t + 1
        return self.sync_pop()

    def sync_pop(self):
        with self.lock:
            result = None
            t = self.tail - 1
            self.tail = t
            if self.head <= t:
                result = self.elems[t & self.mask]
            else:
                self.tail = t + 1
            if self.head > t:
                self.head = 0
                self.tail = 0
                result = None
            return result

    def push(self, elem):
        t = self.tail
        if t < self.head + self.mask + self.slack:
            self.elems[t & self.mask] = elem
            self.tail = t + 1
        else:
            self.sync_push(elem)

    def sync_push(self, elem):
        with self.lock:
            h = self.head
            count = self.tail - h
            h = h & self.mask
            self.head = h
            self.tail = h + count
            if count >= self.mask:
                new_size = 2 * (self.mask + 1)
                new_tasks = [None] * new_size
                for i in range(count):
                    new_tasks[i] = self.elems[(h + i) & self.mask]
                self.elems = new_tasks
                self.mask = new_size - 1
                self.head = 0
                self.tail = count
            assert count < self.mask
            t = self.tail
            self.elems[t & self.mask] = elem
            self.tail = t + 1


class LockedQueue:
    """The simple way: every operation holds the lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.elems = []

    def push(self, elem):
        with self.lock:
            self.elems.append(elem)

    def pop(self):
        with self.lock:
            return self.elems.pop() if self.elems else None

    def steal(self):
        with self.lock:
            return self.elems.pop(0) if self.elems else None


def exercise(thread_runner, queue):
    items = [Item() for _ in range(ITEMS)]

    def stealer():
        for _ in range(STEAL_ATTEMPTS):
            item = queue.steal()
            if item is not None:
                item.operation()

    def owner():
        for i in range(ITEMS // 2):
            queue.push(items[2 * i])
            queue.push(items[2 * i + 1])
            item = queue.pop()
            if item is not None:
                item.operation()
        for _ in range(ITEMS // 2):
            item = queue.pop()
            if item is not None:
                item.operation()

    thread_runner.run(stealer, owner)
    assert [item.field for item in items] == [1] * ITEMS


def test_work_steal_queue(thread_runner):
    exercise(thread_runner, WorkStealQueue(INITIAL_SIZE, slack=1))


def test_work_steal_queue_fixed(thread_runner):
    exercise(thread_runner, LockedQueue())


@pytest.mark.stress_threads(ignore=["CH103"])  # the protocol is right and races on purpose
def test_work_steal_queue_lock_free_fixed(thread_runner):
    exercise(thread_runner, WorkStealQueue(INITIAL_SIZE, slack=0))
