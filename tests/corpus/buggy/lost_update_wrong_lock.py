"""Each method takes a lock, but not the same one."""

import threading

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Inventory:
    def __init__(self):
        self.read_lock = threading.Lock()
        self.write_lock = threading.Lock()
        self.units = 10

    def receive(self, n):
        with self.write_lock:
            self.units += n  # BUG

    def ship(self, n):
        with self.read_lock:
            self.units -= n  # BUG


def test_inventory(thread_runner):
    inventory = Inventory()
    thread_runner.run(lambda: inventory.receive(5), lambda: inventory.ship(3))
    assert inventory.units == 12
