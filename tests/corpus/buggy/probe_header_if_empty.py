"""A header is written where the file is empty: two workers find it so."""

import csv
import os

import pytest

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def log_row(path, row):
    new = os.path.getsize(path) == 0  # BUG
    with open(path, "a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["time", "level"])  # BUG
        writer.writerow(row)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.touch()
    return path


def test_one_header(thread_runner, log):
    thread_runner.run(lambda: log_row(log, [1, "info"]), lambda: log_row(log, [2, "error"]))
    assert log.read_text().count("time") == 1
