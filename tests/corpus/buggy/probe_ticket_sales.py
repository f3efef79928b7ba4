"""`while left: left -= 1` sells more tickets than there are."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Cinema:
    def __init__(self, seats):
        self.left = seats
        self.sold = []

    def sell(self, customer):
        if self.left > 0:  # BUG
            self.sold.append(customer)
            self.left -= 1  # BUG


def test_no_overbooking(thread_runner):
    cinema = Cinema(1)
    thread_runner.map(cinema.sell, ["ann", "bob"])
    assert len(cinema.sold) == 1
