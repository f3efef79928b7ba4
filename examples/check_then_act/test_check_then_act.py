"""Two customers book the last seat. Shows CH110: the test's own assert fails in some order of the threads.

Each of the operations on the dict is atomic; the check and the act together are not. ``setdefault`` does both at
once.
"""


class Theatre:
    def __init__(self):
        self.seats = {}

    def book(self, seat, customer):
        if seat not in self.seats:
            self.seats[seat] = customer
            return True
        return False

    def book_at_once(self, seat, customer):
        return self.seats.setdefault(seat, customer) == customer


def test_two_customers_one_seat(thread_runner):
    theatre = Theatre()
    booked = thread_runner.run(lambda: theatre.book("A1", "Ann"), lambda: theatre.book("A1", "Bob"))
    assert booked.count(True) == 1


def test_two_customers_one_seat_at_once(thread_runner):
    theatre = Theatre()
    booked = thread_runner.run(lambda: theatre.book_at_once("A1", "Ann"), lambda: theatre.book_at_once("A1", "Bob"))
    assert booked.count(True) == 1
