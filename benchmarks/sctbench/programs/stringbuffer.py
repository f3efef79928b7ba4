"""stringbuffer: the StringBuffer of JDK 1.4; ``append`` asks another buffer for its length, then its text.

Both calls are synchronised, the two together are not: the other buffer may shrink between them.
"""

import threading


class StringBuffer:
    def __init__(self, text=""):
        self.mutex = threading.Lock()
        self.value = list(text) + [""] * 16
        self.value_length = len(text) + 16
        self.count = len(text)

    def length(self):
        with self.mutex:
            return self.count

    def get_chars(self, src_begin, src_end, dst, dst_begin):
        with self.mutex:
            assert src_begin >= 0
            assert 0 <= src_end <= self.count
            assert src_begin <= src_end
            dst[dst_begin : dst_begin + src_end - src_begin] = self.value[src_begin:src_end]

    def append_buffer(self, other):
        with self.mutex:
            length = other.length()
            new_count = self.count + length
            if new_count > self.value_length:
                self.expand_capacity(new_count)
            other.get_chars(0, length, self.value, self.count)
            self.count = new_count

    def append(self, text):
        with self.mutex:
            new_count = self.count + len(text)
            if new_count > self.value_length:
                self.expand_capacity(new_count)
            self.value[self.count : new_count] = text
            self.count = new_count

    def erase(self, start, end):
        with self.mutex:
            assert start >= 0
            if end > self.count:
                end = self.count
            assert start <= end
            length = end - start
            if length > 0:
                self.value[start : start + self.count - end] = self.value[end : self.count]
                self.count = self.count - length

    def expand_capacity(self, minimum):
        capacity = max((self.value_length + 1) * 2, minimum)
        self.value = self.value[: self.count] + [""] * (capacity - self.count)
        self.value_length = capacity

    def text(self):
        with self.mutex:
            return self.value[: self.count]

    def append_buffer_fixed(self, other):
        self.append(other.text())


def test_stringbuffer(thread_runner):
    buffer = StringBuffer("abc")
    target = StringBuffer()

    def change():
        buffer.erase(0, 3)
        buffer.append("abc")

    thread_runner.run(change, lambda: target.append_buffer(buffer))


def test_stringbuffer_fixed(thread_runner):
    buffer = StringBuffer("abc")
    target = StringBuffer()

    def change():
        buffer.erase(0, 3)
        buffer.append("abc")

    thread_runner.run(change, lambda: target.append_buffer_fixed(buffer))
    assert target.text() in (["a", "b", "c"], [])
