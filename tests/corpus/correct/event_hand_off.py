"""Data is written before the event is set, and read after it was waited for."""

import threading


class Mail:
    def __init__(self):
        self.text = None
        self.arrived = threading.Event()

    def send(self, text):
        self.text = text
        self.arrived.set()

    def read(self):
        self.arrived.wait()
        return self.text


def test_mail(thread_runner):
    mail = Mail()
    got = thread_runner.run(mail.read, mail.read, lambda: mail.send("hello"))
    assert got[:2] == ["hello", "hello"]
