"""Two stages feed each other through queues of one place; both get stuck in put."""

import queue

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}


def exchange(mine, other, messages):
    for message in messages:
        other.put(message)  # BUG
    return [mine.get() for _ in messages]


def test_exchange(thread_runner):
    left, right = queue.Queue(maxsize=1), queue.Queue(maxsize=1)
    thread_runner.run(
        lambda: exchange(left, right, ["a", "b"]),
        lambda: exchange(right, left, ["c", "d"]),
    )
