"""SimpleQueue between two workers."""

import queue


def test_simple(thread_runner):
    pipe = queue.SimpleQueue()

    def send():
        for n in range(3):
            pipe.put(n)

    assert thread_runner.run(send, lambda: [pipe.get() for _ in range(3)])[1] == [0, 1, 2]
