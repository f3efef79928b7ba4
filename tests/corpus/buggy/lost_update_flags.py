"""Feature bits are set with |= on one integer."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}
NEW, PAID, SHIPPED = 1, 2, 4


class Parcel:
    __slots__ = ("flags",)

    def __init__(self):
        self.flags = NEW

    def mark(self, bit):
        self.flags |= bit  # BUG


def test_flags(thread_runner):
    parcel = Parcel()
    thread_runner.run(lambda: parcel.mark(PAID), lambda: parcel.mark(SHIPPED))
    assert parcel.flags == NEW | PAID | SHIPPED
