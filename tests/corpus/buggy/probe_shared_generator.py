"""Two workers call next() on one generator: `generator already executing`."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


def ticket_numbers():
    number = 0
    while True:
        number = number + 1  # BUG
        yield number  # BUG


def test_tickets(thread_runner):
    tickets = ticket_numbers()
    got = thread_runner.run(lambda: next(tickets), lambda: next(tickets))  # BUG
    assert sorted(got) == [1, 2]
