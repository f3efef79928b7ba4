"""A closure counts invocations of a callback in a nonlocal variable."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def make_meter():
    calls = 0

    def tick():
        nonlocal calls
        calls += 1  # BUG

    def total():
        return calls

    return tick, total


def test_meter(thread_runner):
    tick, total = make_meter()
    thread_runner.run(tick, tick)
    assert total() == 2
