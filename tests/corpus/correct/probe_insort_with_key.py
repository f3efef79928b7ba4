"""bisect.insort with a key function, under a lock."""

import bisect
import threading


class Event:
    def __init__(self, at):
        self.at = at

    def when(self):
        return self.at


class Calendar:
    def __init__(self, *times):
        self.events = [Event(at) for at in times]
        self.asked = 0
        self.lock = threading.Lock()

    def add(self, at):
        with self.lock:
            bisect.insort(self.events, Event(at), key=self.time_of)

    def time_of(self, event):
        self.asked = event.at
        return event.when()


def test_sorted(thread_runner):
    calendar = Calendar(10, 50)
    thread_runner.run(lambda: calendar.add(40), lambda: calendar.add(20))
    times = [event.at for event in calendar.events]
    assert times == sorted(times)
