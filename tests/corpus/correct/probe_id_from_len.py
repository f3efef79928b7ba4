"""The id of a row is drawn and the row added under one lock."""

import threading


class Table:
    def __init__(self):
        self.rows = []
        self.lock = threading.Lock()

    def insert(self, value):
        with self.lock:
            row_id = len(self.rows)
            self.rows.append(value)
        return row_id


def test_row_ids(thread_runner):
    table = Table()
    ids = {}

    def insert(value):
        ids[value] = table.insert(value)

    thread_runner.map(insert, ["x", "y"])
    assert all(table.rows[i] == value for value, i in ids.items())
