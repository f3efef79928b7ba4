"""A send buffer that is copied and emptied under a lock."""

import io
import threading


class Channel:
    def __init__(self):
        self.lock = threading.Lock()
        self.pending = io.BytesIO()
        self.sent = []

    def write(self, data):
        with self.lock:
            self.pending.write(data)

    def flush(self):
        with self.lock:
            data = self.pending.getvalue()
            self.pending.seek(0)
            self.pending.truncate()
            self.sent.append(data)


def test_all_is_sent(thread_runner):
    channel = Channel()
    channel.write(b"one")
    thread_runner.run(lambda: channel.write(b"two"), channel.flush)
    channel.flush()
    assert b"".join(channel.sent) == b"onetwo"
