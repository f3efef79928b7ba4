"""A report buffer that is read without moving its position."""

import io


class Report:
    def __init__(self):
        self.text = io.StringIO()
        self.text.write("title\n")

    def add(self, line):
        self.text.write(line + "\n")

    def show(self):
        return self.text.getvalue()


def test_report(thread_runner):
    report = Report()
    thread_runner.run(lambda: report.add("ready"), report.show)
    assert report.text.getvalue() == "title\nready\n"
