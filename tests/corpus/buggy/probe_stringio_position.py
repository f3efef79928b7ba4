"""A report buffer is rewound to be read; a line that is written then overwrites its beginning."""

import io

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Report:
    def __init__(self):
        self.text = io.StringIO()
        self.text.write("title\n")

    def add(self, line):
        self.text.write(line + "\n")  # BUG

    def show(self):
        self.text.seek(0)  # BUG
        return self.text.read()  # BUG


def test_report(thread_runner):
    report = Report()
    thread_runner.run(lambda: report.add("ready"), report.show)
    assert report.text.getvalue() == "title\nready\n"
