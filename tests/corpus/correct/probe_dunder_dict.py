"""An update through __dict__, locked."""

import threading


class Record:
    def __init__(self, **fields):
        self.__dict__.update(fields)


lock = threading.Lock()


def adjust(record, field, delta):
    with lock:
        record.__dict__[field] += delta


def test_adjust(thread_runner):
    record = Record(price=10, tax=2)
    thread_runner.run(lambda: adjust(record, "price", 5), lambda: adjust(record, "price", -1))
    assert record.price == 14
