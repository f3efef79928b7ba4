"""A match statement on a dictionary: the pattern is the check, the item assignment the act."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def log_in(session, user):
    match session:  # BUG
        case {"user": None}:
            session["user"] = user  # BUG
            return "welcome"
        case {"user": other}:
            return f"taken by {other}"


def test_log_in(thread_runner):
    session = {"user": None, "language": "en"}
    answers = thread_runner.map(lambda user: log_in(session, user), ["ann", "bob"])
    assert answers.count("welcome") == 1
