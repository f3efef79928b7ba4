"""twostage: writers update two related values under two locks, one after the other; readers see the gap."""

import threading

import pytest

SIZES = [
    pytest.param(1, 1, id="2"),
    pytest.param(10, 10, id="20"),
    pytest.param(40, 10, id="50"),
    pytest.param(99, 1, id="100"),
]


class Shared:
    def __init__(self):
        self.data1_lock = threading.Lock()
        self.data2_lock = threading.Lock()
        self.data1 = 0
        self.data2 = 0

    def write(self):
        with self.data1_lock:
            self.data1 = 1
        with self.data2_lock:
            self.data2 = self.data1 + 1

    def read(self):
        with self.data1_lock:
            if self.data1 == 0:
                return
            t1 = self.data1
        with self.data2_lock:
            t2 = self.data2
        assert t2 == t1 + 1

    def write_fixed(self):
        with self.data1_lock, self.data2_lock:
            self.data1 = 1
            self.data2 = self.data1 + 1

    def read_fixed(self):
        with self.data1_lock, self.data2_lock:
            if self.data1 == 0:
                return
            t1 = self.data1
            t2 = self.data2
        assert t2 == t1 + 1


@pytest.mark.parametrize(("writers", "readers"), SIZES)
def test_twostage(thread_runner, writers, readers):
    shared = Shared()
    thread_runner.run(*[shared.write] * writers, *[shared.read] * readers)


@pytest.mark.parametrize(("writers", "readers"), SIZES)
def test_twostage_fixed(thread_runner, writers, readers):
    shared = Shared()
    thread_runner.run(*[shared.write_fixed] * writers, *[shared.read_fixed] * readers)
