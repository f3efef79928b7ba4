"""An early return forgets to release the lock."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}


class Mailbox:
    def __init__(self):
        self.lock = threading.Lock()
        self.messages = []

    def send(self, text):
        self.lock.acquire()  # BUG
        if not text:
            return False  # BUG
        self.messages.append(text)
        self.lock.release()
        return True


def test_mailbox(thread_runner):
    box = Mailbox()
    thread_runner.run(lambda: box.send(""), lambda: box.send(""))
