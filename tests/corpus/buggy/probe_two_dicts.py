"""A two-way map: a reader sees one half of an update."""

EXPECT = {"codes": ["CH110", "CH102", "CH103"], "max_schedule": None}


class TwoWay:
    def __init__(self):
        self.by_name = {}
        self.by_id = {}

    def add(self, name, number):
        self.by_name[name] = number  # BUG
        self.by_id[number] = name  # BUG

    def consistent(self):
        return len(self.by_name) == len(self.by_id)  # BUG


def test_two_way(thread_runner):
    both = TwoWay()
    _, fine = thread_runner.run(lambda: both.add("ann", 1), both.consistent)
    assert fine
