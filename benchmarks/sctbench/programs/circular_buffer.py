"""circular_buffer: a sender and a receiver take turns by flags, but a turn that finds the flag down is lost.

The receiver compares with its own loop counter, which is right only while no turn was lost.
"""

import threading

BUFFER_MAX = 10
ROUNDS = 7
ERROR = -1


class Log:
    def __init__(self, size):
        self.m = threading.Lock()
        self.buffer = [0] * BUFFER_MAX
        self.first = 0
        self.next = 0
        self.buffer_size = size
        self.send = True
        self.receive = False
        self.value = 0

    def insert(self, element):
        if self.next < self.buffer_size and self.buffer_size > 0:
            self.buffer[self.next] = element
            self.next = (self.next + 1) % self.buffer_size
            assert self.next < self.buffer_size
            return element
        return ERROR

    def remove(self):
        assert self.first >= 0
        if self.next > 0 and self.first < self.buffer_size:
            self.first += 1
            return self.buffer[self.first - 1]
        return ERROR

    def sender(self):
        for i in range(ROUNDS):
            with self.m:
                if self.send:
                    self.insert(i)
                    self.send = False
                    self.receive = True

    def receiver(self):
        for i in range(ROUNDS):
            with self.m:
                if self.receive:
                    assert self.remove() == i
                    self.receive = False
                    self.send = True

    def sender_fixed(self):
        for i in range(ROUNDS):
            with self.m:
                if self.send:
                    assert self.insert(i) == i
                    self.value = i
                    self.send = False
                    self.receive = True

    def receiver_fixed(self):
        for _ in range(ROUNDS):
            with self.m:
                if self.receive:
                    assert self.remove() == self.value
                    self.receive = False
                    self.send = True


def test_circular_buffer(thread_runner):
    log = Log(BUFFER_MAX)
    thread_runner.run(log.sender, log.receiver)


def test_circular_buffer_fixed(thread_runner):
    log = Log(BUFFER_MAX)
    thread_runner.run(log.sender_fixed, log.receiver_fixed)
