"""A sleep makes the window so wide that the very first run shows the failure."""

import time

EXPECT = {"codes": ["CH110"], "max_schedule": 1}


class Request:
    user = None


def handle(user):
    Request.user = user  # BUG
    time.sleep(0.01)
    return Request.user  # BUG


def test_requests(thread_runner):
    assert thread_runner.map(handle, ["ann", "bob"]) == ["ann", "bob"]
