"""A plain Lock may be released by another worker: a one-shot signal."""

import threading


def test_signal(thread_runner):
    signal = threading.Lock()
    signal.acquire()
    data = []

    def send():
        data.append("go")
        signal.release()

    def receive():
        signal.acquire()
        return data[0]

    assert thread_runner.run(receive, send)[0] == "go"
