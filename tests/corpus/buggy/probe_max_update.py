"""Keep the highest bid: compare, then assign."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Auction:
    def __init__(self):
        self.highest = 0

    def bid(self, amount):
        if amount > self.highest:  # BUG
            self.highest = amount  # BUG


def test_highest_bid_wins(thread_runner):
    auction = Auction()
    thread_runner.map(auction.bid, [50, 70])
    assert auction.highest == 70
