"""A function that counts its calls on itself."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def greet(name):
    greet.calls += 1  # BUG
    return f"hello {name}"


def test_calls(thread_runner):
    greet.calls = 0
    thread_runner.run(lambda: greet("ann"), lambda: greet("bob"))
    assert greet.calls == 2
