"""Observers in a dict, removed with pop(key, None)."""


class Subject:
    def __init__(self):
        self.observers = {}

    def attach(self, observer):
        self.observers[observer] = True

    def detach(self, observer):
        self.observers.pop(observer, None)


def test_detach_twice(thread_runner):
    subject = Subject()
    subject.attach("screen")
    thread_runner.run(lambda: subject.detach("screen"), lambda: subject.detach("screen"))
    assert not subject.observers
