"""queue: an array queue filled and emptied in turns by flags; the reader expects the element of its own turn.

Every operation holds the lock; what is wrong is that a lost turn shifts the expected elements.
"""

import threading

SIZE = 20
EMPTY = -1


class ArrayQueue:
    def __init__(self):
        self.element = [0] * SIZE
        self.head = 0
        self.tail = 0
        self.amount = 0

    def empty(self):
        return EMPTY if self.head == self.tail else 0

    def enqueue(self, x):
        self.element[self.tail] = x
        self.amount += 1
        if self.tail == SIZE:
            self.tail = 1
        else:
            self.tail += 1
        return 0

    def dequeue(self):
        x = self.element[self.head]
        self.amount -= 1
        if self.head == SIZE:
            self.head = 1
        else:
            self.head += 1
        return x


class Shared:
    def __init__(self):
        self.m = threading.Lock()
        self.queue = ArrayQueue()
        self.stored_elements = [0] * SIZE
        self.enqueue_flag = True
        self.dequeue_flag = False
        self.taken = 0

    def writer(self):
        with self.m:
            value = 0
            assert not self.queue.enqueue(value)
            self.stored_elements[0] = value
            assert not self.queue.empty()
        for i in range(SIZE - 1):
            with self.m:
                if self.enqueue_flag:
                    value += 1
                    self.queue.enqueue(value)
                    self.stored_elements[i + 1] = value
                    self.enqueue_flag = False
                    self.dequeue_flag = True

    def reader(self):
        for i in range(SIZE):
            with self.m:
                if self.dequeue_flag:
                    assert self.queue.dequeue() == self.stored_elements[i]
                    self.dequeue_flag = False
                    self.enqueue_flag = True

    def writer_fixed(self):
        with self.m:
            value = 0
            assert not self.queue.enqueue(value)
            self.stored_elements[0] = value
            assert not self.queue.empty()
        for _ in range(SIZE - 1):
            with self.m:
                if self.enqueue_flag:
                    value += 1
                    self.queue.enqueue(value)
                    self.stored_elements[value] = value
                    self.enqueue_flag = False
                    self.dequeue_flag = True

    def reader_fixed(self):
        for _ in range(SIZE):
            with self.m:
                if self.dequeue_flag:
                    assert self.queue.dequeue() == self.stored_elements[self.taken]
                    self.taken += 1
                    self.dequeue_flag = False
                    self.enqueue_flag = True


def test_queue(thread_runner):
    shared = Shared()
    assert shared.queue.empty() == EMPTY
    thread_runner.run(shared.writer, shared.reader)


def test_queue_fixed(thread_runner):
    shared = Shared()
    assert shared.queue.empty() == EMPTY
    thread_runner.run(shared.writer_fixed, shared.reader_fixed)
