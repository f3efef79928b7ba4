"""Tickets are sold by popping them."""


class Cinema:
    def __init__(self, seats):
        self.left = list(range(seats))
        self.sold = []

    def sell(self, customer):
        try:
            self.left.pop()
        except IndexError:
            return
        self.sold.append(customer)


def test_no_overbooking(thread_runner):
    cinema = Cinema(1)
    thread_runner.map(cinema.sell, ["ann", "bob"])
    assert len(cinema.sold) == 1
