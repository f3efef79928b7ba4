"""An update through __dict__."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Record:
    def __init__(self, **fields):
        self.__dict__.update(fields)


def adjust(record, field, delta):
    record.__dict__[field] += delta  # BUG


def test_adjust(thread_runner):
    record = Record(price=10, tax=2)
    thread_runner.run(lambda: adjust(record, "price", 5), lambda: adjust(record, "price", -1))
    assert record.price == 14
