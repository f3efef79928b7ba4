"""A ticket is drawn by lot, then removed: two workers draw the same one."""

import random

EXPECT = {"codes": ["CH108", "CH110", "CH102"], "max_schedule": 2}


def draw(tickets):
    try:
        ticket = random.choice(tickets)  # BUG
    except IndexError:
        return None
    tickets.remove(ticket)  # BUG
    return ticket


def test_drawn_once(thread_runner):
    tickets = ["7a"]
    drawn = thread_runner.run(lambda: draw(tickets), lambda: draw(tickets))
    assert sorted(drawn, key=str) == ["7a", None]
