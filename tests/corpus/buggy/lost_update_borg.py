"""Two objects that have one dictionary in common count without a lock."""

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


class Borg:
    def __init__(self, state):
        self.__dict__ = state

    def count(self):
        self.n += 1  # BUG


def test_count(thread_runner):
    state = {"n": 0}
    thread_runner.run(Borg(state).count, Borg(state).count)
    assert state["n"] == 2
