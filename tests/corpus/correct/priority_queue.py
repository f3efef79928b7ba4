"""A PriorityQueue: what is taken after all puts comes in order."""

import queue


def test_priorities(thread_runner):
    tasks = queue.PriorityQueue()

    def add(items):
        for item in items:
            tasks.put(item)

    thread_runner.run(lambda: add([(3, "c"), (1, "a")]), lambda: add([(2, "b")]))
    assert [tasks.get()[1] for _ in range(3)] == ["a", "b", "c"]
