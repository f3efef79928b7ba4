"""A send buffer is copied and then emptied: what came in between is never sent."""

import io

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Channel:
    def __init__(self):
        self.pending = io.BytesIO()
        self.sent = []

    def write(self, data):
        self.pending.write(data)  # BUG

    def flush(self):
        data = self.pending.getvalue()  # BUG
        self.pending.seek(0)
        self.pending.truncate()  # BUG
        self.sent.append(data)


def test_all_is_sent(thread_runner):
    channel = Channel()
    channel.write(b"one")
    thread_runner.run(lambda: channel.write(b"two"), channel.flush)
    channel.flush()
    assert b"".join(channel.sent) == b"onetwo"
