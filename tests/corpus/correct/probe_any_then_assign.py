"""any() and the booking under a lock."""

import threading


class Hotel:
    def __init__(self):
        self.bookings = []
        self.lock = threading.Lock()

    def book(self, guest, room):
        with self.lock:
            if any(r == room for _, r in self.bookings):
                return False
            self.bookings.append((guest, room))
            return True


def test_no_double_booking(thread_runner):
    hotel = Hotel()
    got = thread_runner.run(lambda: hotel.book("ann", 7), lambda: hotel.book("bob", 7))
    assert sorted(got) == [False, True]
