"""A counter in a file, guarded by a lock of the process."""

import threading

lock = threading.Lock()


def visit(path):
    with lock:
        count = int(path.read_text())
        path.write_text(str(count + 1))


def test_visits(thread_runner, tmp_path):
    counter = tmp_path / "visits.txt"
    counter.write_text("0")
    thread_runner.run(lambda: visit(counter), lambda: visit(counter))
    assert counter.read_text() == "2"
