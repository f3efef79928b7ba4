"""boundedBuffer: two producers, two consumers, a ring of three slots; ``get`` gives the mutex away half-way.

Between the wait and the taking another consumer can empty the buffer.
"""

import threading

SLOTS = 3
ITEMS = 4


class BoundedBuffer:
    def __init__(self, size):
        self.mutex = threading.Lock()
        self.not_full = threading.Condition(self.mutex)
        self.not_empty = threading.Condition(self.mutex)
        self.max_size = size
        self.head = 0
        self.rear = 0
        self.p_wait = 0
        self.c_wait = 0
        self.buf = [None] * size

    def put(self, item):
        with self.mutex:
            if (self.rear + 1) % self.max_size == self.head:
                self.p_wait += 1
                while (self.rear + 1) % self.max_size == self.head:
                    self.not_full.wait()
                self.p_wait -= 1
            self.buf[self.rear] = item
            self.rear = (self.rear + 1) % self.max_size
            if self.c_wait > 0:
                self.not_empty.notify()

    def await_item(self):
        if self.head == self.rear:
            self.c_wait += 1
            while self.head == self.rear:
                self.not_empty.wait()
            self.c_wait -= 1

    def take(self):
        assert self.head != self.rear
        item = self.buf[self.head]
        self.head = (self.head + 1) % self.max_size
        if self.p_wait > 0:
            self.not_full.notify()
        return item

    def get(self):
        with self.mutex:
            self.await_item()
        with self.mutex:
            return self.take()

    def get_fixed(self):
        with self.mutex:
            self.await_item()
            return self.take()


def exercise(thread_runner, get, put):
    def producer(first):
        for item in range(first, first + ITEMS):
            put(item)

    def consumer():
        return [get() for _ in range(ITEMS)]

    results = thread_runner.run(lambda: producer(0), lambda: producer(ITEMS), consumer, consumer)
    assert sorted(results[2] + results[3]) == list(range(2 * ITEMS))


def test_bounded_buffer(thread_runner):
    buffer = BoundedBuffer(SLOTS)
    exercise(thread_runner, buffer.get, buffer.put)


def test_bounded_buffer_fixed(thread_runner):
    buffer = BoundedBuffer(SLOTS)
    exercise(thread_runner, buffer.get_fixed, buffer.put)
