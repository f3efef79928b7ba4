"""A LifoQueue as a work stack."""

import queue


def test_stack(thread_runner):
    stack = queue.LifoQueue()
    thread_runner.map(stack.put, ["a", "b"])
    got = thread_runner.run(stack.get, stack.get)
    assert sorted(got) == ["a", "b"]
