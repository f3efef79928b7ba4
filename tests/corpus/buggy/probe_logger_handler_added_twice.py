"""A logger gets its handler where it has none: every message is there twice."""

import logging

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def get_logger(name):
    logger = logging.getLogger(name)
    if not logger.handlers:  # BUG
        logger.addHandler(Kept())  # BUG
    return logger


def test_one_handler(thread_runner):
    logging.getLogger("shop.orders").handlers.clear()
    thread_runner.run(lambda: get_logger("shop.orders"), workers=2)
    assert len(get_logger("shop.orders").handlers) == 1
