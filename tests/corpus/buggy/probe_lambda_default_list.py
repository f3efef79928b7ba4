"""A lambda remembers in its default argument what it has seen."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def make_filter():
    return lambda word, seen=[]: word not in seen and not seen.append(word)  # noqa: B006  # BUG


def test_first_time_only(thread_runner):
    is_new = make_filter()
    assert thread_runner.run(lambda: is_new("x"), lambda: is_new("x")).count(True) == 1
