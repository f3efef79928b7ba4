"""State in a mutable default argument."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def next_number(state={"last": 0}):
    state["last"] += 1  # BUG
    return state["last"]


def test_numbers(thread_runner):
    first = next_number()
    thread_runner.run(next_number, next_number)
    assert next_number() == first + 3
