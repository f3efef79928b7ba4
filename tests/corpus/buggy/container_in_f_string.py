"""A list is written into an f-string while another worker puts two items into it that belong together."""

EXPECT = {"codes": ["CH110"], "max_schedule": 20}


def put(items):
    items.append(1)  # BUG
    items.append(2)


def look(items):
    return f"{items}"


def test_both_or_none(thread_runner):
    items = []
    _, seen = thread_runner.run(lambda: put(items), lambda: look(items))
    assert seen != "[1]"
