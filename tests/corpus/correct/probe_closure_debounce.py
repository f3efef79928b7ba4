"""A closure forwards an event only where it differs from the last one, under a lock."""

import threading


def without_repeats(send):
    last = None
    lock = threading.Lock()

    def forward(event):
        nonlocal last
        with lock:
            if event == last:
                return
            last = event
        send(event)

    return forward


def test_sent_once(thread_runner):
    sent = []
    forward = without_repeats(sent.append)
    thread_runner.run(lambda: forward("full"), workers=2)
    assert sent == ["full"]
