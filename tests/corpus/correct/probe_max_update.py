"""Keep the highest bid under a lock."""

import threading


class Auction:
    def __init__(self):
        self.highest = 0
        self.lock = threading.Lock()

    def bid(self, amount):
        with self.lock:
            if amount > self.highest:
                self.highest = amount


def test_highest_bid_wins(thread_runner):
    auction = Auction()
    thread_runner.map(auction.bid, [50, 70])
    assert auction.highest == 70
