"""A semaphore lets two workers in at a time."""

import threading


class Room:
    def __init__(self, places):
        self.places = threading.Semaphore(places)
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    def visit(self):
        with self.places:
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            with self.lock:
                self.inside -= 1


def test_room(thread_runner):
    room = Room(2)
    thread_runner.run(room.visit, room.visit, room.visit)
    assert room.inside == 0
    assert 1 <= room.most <= 2
