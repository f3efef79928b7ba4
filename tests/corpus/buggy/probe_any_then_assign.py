"""any() over the rooms, then a booking: the room is booked twice."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Hotel:
    def __init__(self):
        self.bookings = []

    def book(self, guest, room):
        if any(r == room for _, r in self.bookings):  # BUG
            return False
        self.bookings.append((guest, room))  # BUG
        return True


def test_no_double_booking(thread_runner):
    hotel = Hotel()
    got = thread_runner.run(lambda: hotel.book("ann", 7), lambda: hotel.book("bob", 7))
    assert sorted(got) == [False, True]
