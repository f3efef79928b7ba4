"""loguru 0.2.3, issue 22: a message goes round the handlers while another worker adds one."""

import pytest
from loguru import logger


@pytest.fixture
def lines():
    lines = []
    logger.remove()
    logger.add(lines.append, format="{message}", catch=False)
    logger.add(lines.append, format="{message}", catch=False)
    yield lines
    logger.remove()


@pytest.mark.stress_threads(include=("loguru",))
def test_add_while_logging(thread_runner, lines):
    thread_runner.run(lambda: logger.info("hello"), lambda: logger.add(print, level="ERROR"))
    assert lines == ["hello\n", "hello\n"]
