"""An observer unsubscribes itself while another worker notifies: `list.remove(x): x not in list`."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Subject:
    def __init__(self):
        self.observers = []

    def attach(self, observer):
        self.observers.append(observer)

    def detach(self, observer):
        if observer in self.observers:  # BUG
            self.observers.remove(observer)  # BUG


def test_detach_twice(thread_runner):
    subject = Subject()
    subject.attach("screen")
    thread_runner.run(lambda: subject.detach("screen"), lambda: subject.detach("screen"))
    assert not subject.observers
