"""Condition.wait under `if` instead of `while`: the item is gone when the waiter wakes."""

import threading

EXPECT = {"codes": ["CH110", "CH102", "CH108"], "max_schedule": None}


class Stack:
    def __init__(self):
        self.cond = threading.Condition()
        self.items = []

    def push(self, item):
        with self.cond:
            self.items.append(item)
            self.cond.notify()

    def pop(self):
        with self.cond:
            if not self.items:  # BUG
                self.cond.wait()  # BUG
            return self.items.pop()  # BUG


def test_stack(thread_runner):
    stack = Stack()

    def producer():
        stack.push("a")
        stack.push("b")

    got = thread_runner.run(stack.pop, stack.pop, producer)
    assert sorted(got[:2]) == ["a", "b"]
