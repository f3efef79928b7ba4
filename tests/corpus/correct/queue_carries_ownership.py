"""An object that travels through a queue is changed by its owner only."""

import queue


class Parcel:
    def __init__(self):
        self.weight = 1


def test_ownership(thread_runner):
    belt = queue.Queue()

    def pack():
        parcel = Parcel()
        parcel.weight += 1
        belt.put(parcel)

    def ship():
        parcel = belt.get()
        parcel.weight += 10
        return parcel.weight

    assert thread_runner.run(pack, ship)[1] == 12
