"""A record with a version number: the write is refused when the version moved on."""

import threading


class Conflict(Exception):
    pass


class Document:
    def __init__(self):
        self.lock = threading.Lock()
        self.content = (0, "")

    def save(self, version, text):
        with self.lock:
            if self.content[0] != version:
                raise Conflict
            self.content = (version + 1, text)


def append(document, letter):
    while True:
        version, text = document.content
        try:
            document.save(version, text + letter)
        except Conflict:
            continue
        return


def test_document(thread_runner):
    document = Document()
    thread_runner.run(lambda: append(document, "a"), lambda: append(document, "b"))
    assert document.content[0] == 2
    assert sorted(document.content[1]) == ["a", "b"]
