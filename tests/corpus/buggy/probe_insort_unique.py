"""A sorted list without doubles: looked up with bisect_left, then insort puts the same name in twice."""

from bisect import bisect_left, insort

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": 2}


class Names:
    def __init__(self):
        self.names = ["ann", "zoe"]

    def add(self, name):
        at = bisect_left(self.names, name)  # BUG
        if at == len(self.names) or self.names[at] != name:  # BUG
            insort(self.names, name)  # BUG


def test_no_doubles(thread_runner):
    register = Names()
    thread_runner.run(lambda: register.add("bob"), lambda: register.add("bob"))
    assert register.names == ["ann", "bob", "zoe"]
