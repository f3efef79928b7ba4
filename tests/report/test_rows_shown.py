"""Which rows of an interleaving are drawn: what matters to it, and not what never changes."""

from __future__ import annotations

import pytest

from pytester_runs import run

SOURCE = """
    import threading

    class Backend:
        def __init__(self):
            self.results = {}
            self.waiting = {}
            self.lock = threading.Lock()

        def store(self, key, value):
            with self.lock:
                self.results[key] = value
                events = self.waiting.pop(key, [])
            for event in events:
                event.set()

        def wait(self, key):
            if key in self.results:
                return self.results[key]
            event = threading.Event()
            with self.lock:
                self.waiting.setdefault(key, []).append(event)
            event.wait()
            return self.results[key]

    def test_wait_while_storing(thread_runner):
        backend = Backend()
        backend.store("other", 0)
        thread_runner.run(lambda: backend.wait("a"), lambda: backend.store("a", 1))
"""


@pytest.fixture
def lanes(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    pytester.makepyfile(test_it=SOURCE)
    lines = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60).outlines
    begin = next(n for n, line in enumerate(lines) if line.lstrip().startswith("------"))
    return lines[begin + 1 : lines.index("", begin)]


def test_rows(lanes):
    told = [line.split("test_it.py")[0].replace("|", " ").split() for line in lanes if "switch" not in line]
    assert ["wait", "Event"] == told[-1]
    assert ["Backend.results['a']", "=", "1"] in told
    text = "\n".join(lanes)
    assert "<lock>" not in text  # an attribute that nobody changes
    assert "Backend.waiting ->" not in text
    assert "acquire lock" in text
    assert ["call"] not in told or told.count(["call"]) == 1  # where a worker was held; not every call


def test_what_the_test_does_before_its_workers_is_told_in_short(lanes):
    first = next(n for n, line in enumerate(lanes) if "switch" in line)
    assert not any("acquire" in line or "->" in line for line in lanes[:first])


GUARDED = """
    import threading
    from collections import deque

    class Box:
        def __init__(self):
            self.items = deque()
            lock = threading.Lock()
            self.filled, self.emptied = threading.Condition(lock), threading.Condition(lock)

        def put(self, item):
            with self.emptied:
                self.emptied.wait_for(lambda: len(self.items) < 1)
                self.items.append(item)
                self.filled.notify()

        def take(self):
            with self.filled:
                if not self.items:
                    self.filled.wait()
                item = self.items.popleft()
                self.emptied.notify()
                return item

    def test_box(thread_runner):
        box = Box()
        thread_runner.run(lambda: [box.put(1), box.put(2)], box.take, box.take)
"""


def test_what_is_done_under_a_common_lock_is_told(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    pytester.makepyfile(test_it=GUARDED)
    text = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60).stdout.str()
    assert "IndexError: pop from an empty deque" in text
    assert text.count("Box.items.popleft write") >= 2
    assert "Box.items.append = 1" in text


LOCK_OF_ITS_OWN = """
    class Lock:
        def __init__(self):
            self.taken = False

        def __enter__(self):
            while self.taken:
                pass
            self.taken = True

        def __exit__(self, *exc):
            self.taken = False

    class Counter:
        def __init__(self):
            self.lock, self.n = Lock(), 0

        def add(self):
            with self.lock:
                self.n += 1

    def test_it(thread_runner):
        counter = Counter()
        thread_runner.run(counter.add, counter.add)
"""


def test_a_lost_update_that_takes_several_preemptions_shows_what_was_to_keep_the_workers_apart(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    pytester.makepyfile(test_it=LOCK_OF_ITS_OWN)
    text = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60).stdout.str()
    assert "CH101 lost update" in text
    lanes = text[text.index("worker 0  ") : text.index("\nSchedule ")]
    assert lanes.count("Lock.taken -> False") == 2
    assert lanes.index("Lock.taken -> False") < lanes.index("Counter.n -> 0")


IN_FILES = """
    import os
    import tempfile

    class Store:
        def __init__(self, path):
            self.path, self.mode, self.kind = path, 0o600, int

        def set(self, value):
            folder, name = os.path.split(self.path)
            handle, temporary = tempfile.mkstemp(dir=folder)
            with os.fdopen(handle, "w") as file:
                file.write(str(value))
            os.replace(temporary, self.path)
            os.chmod(self.path, self.mode)

        def get(self):
            with open(self.path) as file:
                return self.kind(file.read())

        def inc(self):
            self.set(self.get() + 1)

    def test_inc(thread_runner, tmp_path):
        store = Store(str(tmp_path / "n"))
        for n in range(10):
            store.set(n)
            store.get()
        store.set(0)
        thread_runner.run(store.inc, store.inc)
        assert store.get() == 2
"""


def test_what_meets_in_files_is_told_from_the_switch_on(pytester):
    done = run(pytester, IN_FILES)
    (hazard,) = done.tests["test_inc"]["hazards"]
    assert {step["worker"] for step in hazard["steps"]} == {"0", "1"}
    assert len(hazard["steps"]) < 40 and not any("<module" in step["value"] for step in hazard["steps"])


OWN = """
    import threading

    class Sessions:
        def __init__(self):
            self.local = threading.local()
            self.all = ()

        def get(self):
            self.local.session = object()
            self.all = self.all + (self.local.session,)
            return self.local.session

    def test_sessions(thread_runner):
        sessions = Sessions()
        thread_runner.run(sessions.get, sessions.get)
        assert len(sessions.all) == 2
"""


def test_what_each_thread_has_of_its_own_is_not_shown(pytester):
    done = run(pytester, OWN)
    (hazard,) = [each for each in done.tests["test_sessions"]["hazards"] if each["severity"] == "error"]
    targets = {step["target"] for step in hazard["steps"]}
    assert "Sessions.all" in targets
    assert not any("session" in target and "Sessions" not in target for target in targets), targets
