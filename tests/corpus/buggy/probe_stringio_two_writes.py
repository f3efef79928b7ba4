"""print() writes the text and the newline apart: lines run together."""

import io

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def say(out, text):
    print(text, end="", file=out)  # BUG
    print(file=out)  # BUG


def test_lines(thread_runner):
    out = io.StringIO()
    thread_runner.map(lambda text: say(out, text), ["left", "right"])
    assert sorted(out.getvalue().split()) == ["left", "right"]
