"""fasteners 0.17.2, issue 86: the writer asks for the read lock while another writer is pending: deadlock."""

import pytest
from fasteners import ReaderWriterLock


@pytest.mark.stress_threads(include=("fasteners",))
def test_writer_may_read(thread_runner):
    lock = ReaderWriterLock()

    def write_and_read():
        with lock.write_lock():
            with lock.read_lock():
                pass

    def write():
        with lock.write_lock():
            pass

    thread_runner.run(write_and_read, write)
