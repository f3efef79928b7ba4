"""The next id is read, handed out, and then advanced."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Ids:
    def __init__(self):
        self.next_id = 1

    def allocate(self):
        mine = self.next_id  # BUG
        self.next_id = mine + 1  # BUG
        return mine


def test_ids_are_unique(thread_runner):
    ids = Ids()
    a, b, c = thread_runner.run(ids.allocate, ids.allocate, ids.allocate)
    assert len({a, b, c}) == 3
