"""The heap of a PriorityQueue belongs to the library, which guards it."""

import queue

PUT = queue.PriorityQueue._put.__code__


def test_smallest_first(thread_runner):
    todo = queue.PriorityQueue()
    for number in (3, 1, 2):
        todo.put(number)
    got = thread_runner.run(lambda: todo.get(), lambda: todo.get(), lambda: todo.put(0))
    assert queue.PriorityQueue._put.__code__ is PUT
    assert sorted(got[:2]) in ([0, 1], [1, 2])
