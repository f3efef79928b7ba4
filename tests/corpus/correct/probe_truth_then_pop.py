"""pop and ask forgiveness: one atomic operation."""


def take(tasks):
    try:
        return tasks.pop()
    except IndexError:
        return None


def test_take(thread_runner):
    tasks = ["sweep"]
    taken = thread_runner.run(lambda: take(tasks), lambda: take(tasks))
    assert sorted(t or "" for t in taken) == ["", "sweep"]
