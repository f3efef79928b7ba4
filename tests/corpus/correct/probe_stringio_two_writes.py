"""One write a line."""

import io


def say(out, text):
    out.write(text + "\n")


def test_lines(thread_runner):
    out = io.StringIO()
    thread_runner.map(lambda text: say(out, text), ["left", "right"])
    assert sorted(out.getvalue().split()) == ["left", "right"]
