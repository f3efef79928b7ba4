"""A token travels a ring of queues; only its holder writes."""

import queue


def test_ring(thread_runner):
    ring = [queue.Queue() for _ in range(3)]
    log = []
    ring[0].put(0)

    def station(me):
        token = ring[me].get()
        log.append((me, token))
        ring[(me + 1) % 3].put(token + 1)

    thread_runner.map(station, range(3))
    assert log == [(0, 0), (1, 1), (2, 2)]
