"""A logger gets its handler under a lock."""

import logging
import threading

lock = threading.Lock()


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def get_logger(name):
    logger = logging.getLogger(name)
    with lock:
        if not logger.handlers:
            logger.addHandler(Kept())
    return logger


def test_one_handler(thread_runner):
    logging.getLogger("shop.orders").handlers.clear()
    thread_runner.run(lambda: get_logger("shop.orders"), workers=2)
    assert len(get_logger("shop.orders").handlers) == 1
