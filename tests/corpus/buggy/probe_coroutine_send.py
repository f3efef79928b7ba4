"""A generator that is sent values is a coroutine for one caller at a time."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Average:
    def __init__(self):
        self.total = self.count = 0
        self.machine = self._run()
        next(self.machine)

    def _run(self):
        average = None
        while True:
            value = yield average  # BUG
            self.total += value  # BUG
            self.count += 1  # BUG
            average = self.total / self.count  # BUG

    def add(self, value):
        return self.machine.send(value)  # BUG


def test_average(thread_runner):
    average = Average()
    thread_runner.map(average.add, [10, 20])
    assert average.add(30) == 20
