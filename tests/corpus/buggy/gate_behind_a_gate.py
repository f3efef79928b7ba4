"""A gate is open only for a moment, and another one only for a moment while the first is: three workers find a way."""

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": 40}


class Gates:
    def __init__(self):
        self.outer = self.inner = False
        self.inside = False

    def open_outer(self):
        self.outer = True
        self.outer = False  # BUG

    def open_inner(self):
        if self.outer:
            self.inner = True
            self.inner = False  # BUG

    def enter(self):
        if self.inner:  # BUG
            self.inside = True


@pytest.fixture
def gates():
    return Gates()


def test_nobody_gets_in(thread_runner, gates):
    thread_runner.run(gates.open_outer, gates.open_inner, gates.enter)
    assert not gates.inside
