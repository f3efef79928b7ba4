"""A dictionary's setdefault decides in one step who comes first."""


def log_in(session, user):
    match session.setdefault("user", user):
        case name if name == user:
            return "welcome"
        case other:
            return f"taken by {other}"


def test_log_in(thread_runner):
    session = {"language": "en"}
    answers = thread_runner.map(lambda user: log_in(session, user), ["ann", "bob"])
    assert answers.count("welcome") == 1
