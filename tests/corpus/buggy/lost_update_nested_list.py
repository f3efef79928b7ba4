"""Seats per row, in a dict of lists."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def test_rows(thread_runner):
    rows = {"A": [0, 0], "B": [0, 0]}

    def sit(row, side):
        rows[row][side] += 1  # BUG

    thread_runner.run(lambda: sit("A", 1), lambda: sit("A", 1), lambda: sit("B", 0))
    assert rows == {"A": [0, 2], "B": [1, 0]}
