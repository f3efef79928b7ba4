"""carter01: two classes of threads exclude each other; the first of a class takes the lock for all of it.

One mutex guards both counters: a thread that waits for the class lock keeps the other from giving it back.
"""

import threading


class Classes:
    def __init__(self):
        self.m = threading.Lock()
        self.l = threading.Lock()  # noqa: E741
        self.a = 0
        self.b = 0

    def class_a(self):
        self.m.acquire()
        self.a += 1
        if self.a == 1:
            self.l.acquire()
        self.m.release()
        self.m.acquire()
        self.a -= 1
        if self.a == 0:
            self.l.release()
        self.m.release()

    def class_b(self):
        self.m.acquire()
        self.b += 1
        if self.b == 1:
            self.l.acquire()
        self.m.release()
        self.m.acquire()
        self.b -= 1
        if self.b == 0:
            self.l.release()
        self.m.release()


class ClassesFixed:
    """Each class guards its counter with a mutex of its own."""

    def __init__(self):
        self.mutex_a = threading.Lock()
        self.mutex_b = threading.Lock()
        self.exclusive = threading.Lock()
        self.a = 0
        self.b = 0

    def class_a(self):
        with self.mutex_a:
            self.a += 1
            if self.a == 1:
                self.exclusive.acquire()
        with self.mutex_a:
            self.a -= 1
            if self.a == 0:
                self.exclusive.release()

    def class_b(self):
        with self.mutex_b:
            self.b += 1
            if self.b == 1:
                self.exclusive.acquire()
        with self.mutex_b:
            self.b -= 1
            if self.b == 0:
                self.exclusive.release()


def idle():
    """The original starts two threads that do nothing."""


def test_carter01(thread_runner):
    classes = Classes()
    thread_runner.run(classes.class_a, classes.class_b, idle, idle)


def test_carter01_fixed(thread_runner):
    classes = ClassesFixed()
    thread_runner.run(classes.class_a, classes.class_b, idle, idle)
    assert classes.a == classes.b == 0
    assert not classes.exclusive.locked()
