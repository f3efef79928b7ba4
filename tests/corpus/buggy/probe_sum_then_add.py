"""A weight limit: sum() of what is there, then append."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Suitcase:
    limit = 20

    def __init__(self):
        self.weights = [8]

    def pack(self, weight):
        if sum(self.weights) + weight <= self.limit:  # BUG
            self.weights.append(weight)  # BUG


def test_weight(thread_runner):
    suitcase = Suitcase()
    thread_runner.map(suitcase.pack, [9, 10])
    assert sum(suitcase.weights) <= Suitcase.limit
