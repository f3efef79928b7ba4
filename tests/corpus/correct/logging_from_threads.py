"""The logging module is thread-safe."""

import logging


class Collect(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


def test_logging(thread_runner):
    logger = logging.Logger("shop")
    handler = Collect()
    logger.addHandler(handler)

    def order(item):
        logger.warning("ordered %s", item)

    thread_runner.map(order, ["tea", "milk"])
    assert sorted(handler.lines) == ["ordered milk", "ordered tea"]
