"""Two events pass a counter back and forth; nothing else guards it."""

import threading


def test_ping_pong(thread_runner):
    ping, pong = threading.Event(), threading.Event()
    ball = {"hits": 0}

    def ann():
        for _ in range(2):
            ball["hits"] += 1
            ping.set()
            pong.wait()
            pong.clear()

    def bob():
        for _ in range(2):
            ping.wait()
            ping.clear()
            ball["hits"] += 1
            pong.set()

    thread_runner.run(ann, bob)
    assert ball["hits"] == 4
