"""A timed wait for a thread that blocks in C."""

import socket
import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_reply():
    here, there = socket.socketpair()
    replied = threading.Event()

    def receive():
        there.recv(1)
        replied.set()

    thread = threading.Thread(target=receive)
    thread.start()
    here.send(b"x")
    assert replied.wait(5)
    thread.join()
    here.close()
    there.close()
