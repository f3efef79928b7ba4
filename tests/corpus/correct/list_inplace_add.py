"""`log += [...]` on a global list extends it in place: nothing is lost."""

log = []


def write(lines):
    global log
    log += lines


def test_log(thread_runner):
    log.clear()
    thread_runner.run(lambda: write(["a", "b"]), lambda: write(["c"]))
    assert sorted(log) == ["a", "b", "c"]
