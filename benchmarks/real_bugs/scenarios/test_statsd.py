"""statsd 3.0, issue 42: all calls of a decorated function share one start time and one "sent" flag."""

import pytest
from statsd.client import Timer


class Client:
    """Notes what would be sent."""

    def __init__(self):
        self.sent = []

    def timing(self, stat, milliseconds, rate):
        self.sent.append(stat)


@pytest.mark.stress_threads(include=("statsd",))
def test_each_call_is_timed(thread_runner):
    client = Client()

    @Timer(client, "work")
    def work():
        return 1

    thread_runner.run(work, workers=2)
    assert client.sent == ["work", "work"]
