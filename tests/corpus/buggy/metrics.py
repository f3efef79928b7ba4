"""A metrics module like those found in many code bases: not a test."""

_requests = 0


def record_request():
    global _requests
    _requests = _requests + 1  # BUG


def requests():
    return _requests


def reset():
    global _requests
    _requests = 0
