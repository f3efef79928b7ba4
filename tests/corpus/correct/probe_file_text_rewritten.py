"""A to-do list's file is opened to append."""

import threading

import pytest


def add(path, task):
    with path.open("a") as file:
        file.write(task + "\n")


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
