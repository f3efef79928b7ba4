"""The truth value of a list, then pop: another worker took the last one."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def take(tasks):
    if tasks:  # BUG
        return tasks.pop()  # BUG
    return None


def test_take(thread_runner):
    tasks = ["sweep"]
    taken = thread_runner.run(lambda: take(tasks), lambda: take(tasks))
    assert sorted(t or "" for t in taken) == ["", "sweep"]
