"""list.remove finds and takes in one step."""


def serve(line, who):
    line.remove(who)


def test_line(thread_runner):
    line = ["ann", "bob", "cid", "dan"]
    thread_runner.run(lambda: serve(line, "bob"), lambda: serve(line, "ann"))
    assert line == ["cid", "dan"]
