"""stack: a flag says that something was pushed once; it does not say that the stack is not empty now."""

import threading

SIZE = 10
OVERFLOW = -1
UNDERFLOW = -2


class Stack:
    def __init__(self):
        self.m = threading.Lock()
        self.top = 0
        self.arr = [0] * SIZE
        self.flag = False

    def push(self, x):
        if self.top == SIZE:
            return OVERFLOW
        self.arr[self.top] = x
        self.top += 1
        return 0

    def pop(self):
        if self.top == 0:
            return UNDERFLOW
        self.top -= 1
        return self.arr[self.top]

    def pusher(self):
        for i in range(SIZE):
            with self.m:
                assert self.push(i) != OVERFLOW
                self.flag = True

    def popper(self):
        for _ in range(SIZE):
            with self.m:
                if self.flag:
                    assert self.pop() != UNDERFLOW

    def popper_fixed(self):
        for _ in range(SIZE):
            with self.m:
                if self.top > 0:
                    assert self.pop() != UNDERFLOW


def test_stack(thread_runner):
    stack = Stack()
    thread_runner.run(stack.pusher, stack.popper)


def test_stack_fixed(thread_runner):
    stack = Stack()
    thread_runner.run(stack.pusher, stack.popper_fixed)
