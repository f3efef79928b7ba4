"""A publisher calls its subscribers under its lock; one of them locks in the other order."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}


class Publisher:
    def __init__(self):
        self.lock = threading.Lock()
        self.subscribers = []

    def publish(self, news):
        with self.lock:
            for subscriber in self.subscribers:
                subscriber(news)

    def subscribe(self, callback):
        with self.lock:  # BUG
            self.subscribers.append(callback)


class Reader:
    def __init__(self):
        self.lock = threading.Lock()
        self.inbox = []

    def on_news(self, news):
        with self.lock:  # BUG
            self.inbox.append(news)

    def join(self, publisher):
        with self.lock:
            publisher.subscribe(print)


def test_publish(thread_runner):
    publisher, reader = Publisher(), Reader()
    publisher.subscribers.append(reader.on_news)
    thread_runner.run(lambda: publisher.publish("rain"), lambda: reader.join(publisher))
