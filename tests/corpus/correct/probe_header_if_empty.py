"""A header is written where the file is empty, under a lock."""

import csv
import os
import threading

import pytest

lock = threading.Lock()


def log_row(path, row):
    with lock:
        new = os.path.getsize(path) == 0
        with open(path, "a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["time", "level"])
            writer.writerow(row)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.touch()
    return path


def test_one_header(thread_runner, log):
    thread_runner.run(lambda: log_row(log, [1, "info"]), lambda: log_row(log, [2, "error"]))
    assert log.read_text().count("time") == 1
