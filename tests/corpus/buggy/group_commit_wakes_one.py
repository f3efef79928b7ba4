"""One notification for all who wait for a flush: those whose records were flushed with it are not woken up."""

import threading

EXPECT = {"codes": ["CH106"]}


class Wal:
    """Group commit: one of those who wait flushes for all."""

    def __init__(self):
        self._cond = threading.Condition()
        self._buffer = []
        self._next = 0
        self._durable = -1
        self._flushing = False
        self.disk = []
        self.flushes = 0

    def append(self, record):
        with self._cond:
            lsn = self._next
            self._next += 1
            self._buffer.append((lsn, record))
        self._wait_durable(lsn)
        return lsn

    def _wait_durable(self, lsn):
        while True:
            with self._cond:
                while self._durable < lsn and self._flushing:
                    self._cond.wait()  # BUG
                if self._durable >= lsn:
                    return
                self._flushing = True
                batch, self._buffer = self._buffer, []
            self.disk.extend(batch)
            self.flushes += 1
            with self._cond:
                self._durable = batch[-1][0]
                self._flushing = False
                if self._buffer:
                    self._cond.notify()  # BUG


def test_durable_when_append_returns(thread_runner):
    wal = Wal()

    def write(text):
        lsn = wal.append(text)
        assert (lsn, text) in wal.disk

    thread_runner.map(write, ["a", "b", "c"])
    assert [lsn for lsn, _ in wal.disk] == [0, 1, 2]
    assert wal.flushes <= 3
