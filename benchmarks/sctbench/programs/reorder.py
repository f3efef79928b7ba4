"""reorder: setters write two values without a lock; a checker must see both old or both new.

It fails only when the checker reads between the first setter's two writes, before another has finished both.
"""

import threading

import pytest

SIZES = [
    pytest.param(2, 1, id="3"),
    pytest.param(3, 1, id="4"),
    pytest.param(4, 1, id="5"),
    pytest.param(9, 1, id="10"),
    pytest.param(10, 10, id="20"),
    pytest.param(40, 10, id="50"),
    pytest.param(99, 1, id="100"),
]


class Shared:
    def __init__(self):
        self.a = 0
        self.b = 0
        self.lock = threading.Lock()

    def set(self):
        self.a = 1
        self.b = -1

    def check(self):
        assert (self.a == 0 and self.b == 0) or (self.a == 1 and self.b == -1)

    def set_fixed(self):
        with self.lock:
            self.a = 1
            self.b = -1

    def check_fixed(self):
        with self.lock:
            assert (self.a == 0 and self.b == 0) or (self.a == 1 and self.b == -1)


@pytest.mark.parametrize(("setters", "checkers"), SIZES)
def test_reorder(thread_runner, setters, checkers):
    shared = Shared()
    thread_runner.run(*[shared.set] * setters, *[shared.check] * checkers)


@pytest.mark.parametrize(("setters", "checkers"), SIZES)
def test_reorder_fixed(thread_runner, setters, checkers):
    shared = Shared()
    thread_runner.run(*[shared.set_fixed] * setters, *[shared.check_fixed] * checkers)
