"""A list's method is kept under a name of its own; what is appended with it gets mixed up."""

EXPECT = {"codes": ["CH110"], "max_schedule": 20}


def record(add, name):
    add(f"{name} begins")  # BUG
    add(f"{name} ends")


def test_in_pairs(thread_runner):
    log = []
    add = log.append
    thread_runner.run(lambda: record(add, "a"), lambda: record(add, "b"))
    assert [line[0] for line in log] in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
