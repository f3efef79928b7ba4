"""bisect.insort asks a key function of ours between finding the place and inserting there."""

import bisect

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Event:
    def __init__(self, at):
        self.at = at

    def when(self):
        return self.at


class Calendar:
    def __init__(self, *times):
        self.events = [Event(at) for at in times]
        self.asked = 0

    def add(self, at):
        bisect.insort(self.events, Event(at), key=self.time_of)  # BUG

    def time_of(self, event):
        self.asked = event.at  # BUG
        return event.when()


def test_sorted(thread_runner):
    calendar = Calendar(10, 50)
    thread_runner.run(lambda: calendar.add(40), lambda: calendar.add(20))
    times = [event.at for event in calendar.events]
    assert times == sorted(times)
