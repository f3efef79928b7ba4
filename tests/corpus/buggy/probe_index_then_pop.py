"""list.index, then pop(index): the list shifted in between, and the wrong one is taken."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def serve(line, who):
    position = line.index(who)  # BUG
    line.pop(position)  # BUG


def test_line(thread_runner):
    line = ["ann", "bob", "cid", "dan"]
    thread_runner.run(lambda: serve(line, "bob"), lambda: serve(line, "ann"))
    assert line == ["cid", "dan"]
