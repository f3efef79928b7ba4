"""A counter in a file: read, add, write back."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


def visit(path):
    count = int(path.read_text())  # BUG
    path.write_text(str(count + 1))  # BUG


def test_visits(thread_runner, tmp_path):
    counter = tmp_path / "visits.txt"
    counter.write_text("0")
    thread_runner.run(lambda: visit(counter), lambda: visit(counter))
    assert counter.read_text() == "2"
