"""The id of a row is the length of the table before the append."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Table:
    def __init__(self):
        self.rows = []

    def insert(self, value):
        row_id = len(self.rows)  # BUG
        self.rows.append(value)  # BUG
        return row_id


def test_row_ids(thread_runner):
    table = Table()
    ids = {}

    def insert(value):
        ids[value] = table.insert(value)

    thread_runner.map(insert, ["x", "y"])
    assert all(table.rows[i] == value for value, i in ids.items())
