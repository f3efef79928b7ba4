"""Channels are the bits of a number, allocated under a lock."""

import threading

free_channels = 0b1111
lock = threading.Lock()


def allocate():
    global free_channels
    with lock:
        lowest = free_channels & -free_channels
        free_channels ^= lowest
    return lowest


def test_channels(thread_runner):
    global free_channels
    free_channels = 0b1111
    assert sorted(thread_runner.run(allocate, workers=2)) == [1, 2]
