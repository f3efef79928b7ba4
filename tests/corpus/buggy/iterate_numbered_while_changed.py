"""A dictionary is iterated through iter() and enumerate() while another worker replaces a key by another."""

EXPECT = {"codes": ["CH110"], "max_schedule": 60}


class Table:
    def __init__(self):
        self.rows = {"a": 1, "b": 2}

    def add(self):
        self.rows["c"] = 3  # BUG

    def remove(self):
        del self.rows["c"]

    def listing(self):
        rows = iter(self.rows)
        text = []
        for number, row in enumerate(rows):
            text.append(self.show(number, row))
        return text

    def show(self, number, row):
        return f"{number}: {row}"


def test_listing_while_changing(thread_runner):
    table = Table()

    def change():
        table.add()
        table.remove()

    thread_runner.run(table.listing, change)
