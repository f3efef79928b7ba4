"""A plugin for this plugin: when each schedule had ended, in seconds from the beginning of the test."""

import json
import os
import time
from pathlib import Path

import pytest


class Clock:
    """Notes the end of each schedule."""

    def __init__(self, path):
        self.path = path
        self.begun = 0.0
        self.ended = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item):
        self.begun = time.perf_counter()
        return (yield)

    def pytest_concurrency_schedule_finished(self, item, number, outcome):
        self.ended.setdefault(number, time.perf_counter() - self.begun)

    def pytest_sessionfinish(self):
        self.path.write_text(json.dumps(self.ended))


def pytest_configure(config):
    config.pluginmanager.register(Clock(Path(os.environ["PEERS_TIMES"])))
