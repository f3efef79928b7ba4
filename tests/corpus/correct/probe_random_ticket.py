"""A ticket is drawn by lot and removed under a lock."""

import random
import threading

LOCK = threading.Lock()


def draw(tickets):
    with LOCK:
        try:
            ticket = random.choice(tickets)
        except IndexError:
            return None
        tickets.remove(ticket)
        return ticket


def test_drawn_once(thread_runner):
    tickets = ["7a"]
    drawn = thread_runner.run(lambda: draw(tickets), lambda: draw(tickets))
    assert sorted(drawn, key=str) == ["7a", None]
