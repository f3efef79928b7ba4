"""A to-do list is read from its file and written back with one line more."""

import threading

import pytest

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def add(path, task):
    text = path.read_text()  # BUG
    path.write_text(text + task + "\n")  # BUG


@pytest.mark.stress_threads(workers=0)
def test_add(tmp_path):
    path = tmp_path / "todo.txt"
    path.write_text("")
    threads = [threading.Thread(target=add, args=(path, task)) for task in ("wash", "dry")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text().split()) == ["dry", "wash"]
