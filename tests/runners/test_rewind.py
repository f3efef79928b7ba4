"""Every run starts from the state before the first, whatever the code under test keeps in its modules."""

from __future__ import annotations

import pytest

from pytester_runs import run

STATE = """
import concurrent.futures, functools, itertools, queue, threading
import pytest

lock = threading.Lock()
total, ids, shared_ids = 0, itertools.count(1), itertools.count(1)
the_same_ids = [shared_ids]
pool = concurrent.futures.ThreadPoolExecutor(2)
event, box, places = threading.Event(), queue.Queue(maxsize=2), threading.Semaphore(2)
simple = queue.SimpleQueue()

class Service:
    instances = []
    __slots__ = ("count", "seen")
    def __init__(self):
        self.count, self.seen = 0, {}
        Service.instances.append(self)

service = Service()

class Ticket:
    _numbers = itertools.count(1)
    def __init__(self):
        self.number = next(self._numbers)

def remembering(function):
    known, calls = {}, 0
    @functools.wraps(function)
    def inner(x):
        nonlocal calls
        with lock:
            if x not in known:
                known[x] = function(x)
                calls += 1
            return calls
    return inner

@remembering
def square(x):
    return x * x

@functools.lru_cache
def cached(x):
    return x

def appended(item, items=[]):
    items.append(item)
    return items

def test_global(thread_runner):
    def add():
        global total
        with lock:
            total += 1
    thread_runner.run(add, add)
    assert total == 2

def test_event(thread_runner):
    assert not event.is_set()
    thread_runner.run(event.set, event.wait)

def test_bounded_queue(thread_runner):
    thread_runner.run(lambda: box.put(1), lambda: box.put(2))
    assert box.qsize() == 2

def test_simple_queue(thread_runner):
    thread_runner.run(lambda: simple.put(1), lambda: simple.put(2))
    assert simple.qsize() == 2

def test_semaphore_that_stays_taken(thread_runner):
    thread_runner.run(places.acquire, places.acquire)

@pytest.mark.parametrize("left", [threading.Lock(), threading.RLock()])
def test_lock_that_stays_taken(thread_runner, left):
    thread_runner.run(lambda: left.acquire(), lambda: None)

def test_slots_and_their_dictionaries(thread_runner):
    def note():
        with lock:
            service.count += 1
            service.seen[service.count] = True
    thread_runner.run(note, note)
    assert service.count == len(service.seen) == 2

def test_class_attribute(thread_runner):
    thread_runner.run(Service, Service)
    assert len(Service.instances) == 3

def test_closure(thread_runner):
    thread_runner.run(lambda: square(2), lambda: square(3))
    assert square(2) == 2

def test_lru_cache(thread_runner):
    thread_runner.run(lambda: cached(2), lambda: cached(3))
    assert cached.cache_info().currsize == 2

def test_default(thread_runner):
    thread_runner.run(lambda: appended(1), lambda: appended(2))
    assert sorted(appended(3)) == [1, 2, 3]

def test_numbers(thread_runner):
    assert sorted(thread_runner.run(lambda: next(ids), lambda: next(ids))) == [1, 2]
    assert sorted(t.number for t in thread_runner.run(Ticket, Ticket)) == [1, 2]

def test_numbers_of_two_holders_stay_one_row(thread_runner):
    assert len(set(thread_runner.run(lambda: next(shared_ids), lambda: next(the_same_ids[0])))) == 2

@pytest.fixture(scope="module")
def store():
    return Service()

@pytest.fixture
def patched(monkeypatch):
    monkeypatch.setattr(Service, "instances", [None])
    return Service.instances

def test_wider_fixture_beside_one_that_patches(thread_runner, store, patched):
    def note():
        with lock:
            store.count += 1
    thread_runner.run(note, note)
    assert store.count == 2
    assert Service.instances is patched and patched == [None]

def test_nothing_stays_patched():
    assert None not in Service.instances

def test_pool(thread_runner):
    def work():
        assert sum(f.result() for f in [pool.submit(int, "1") for _ in range(2)]) == 2
    thread_runner.run(work, work)

another_event, another_lock = threading.Event(), threading.Lock()

def test_event_beside_the_idle_threads_of_the_pool(thread_runner):
    assert not another_event.is_set()
    thread_runner.run(another_event.set, another_event.wait)

def test_lock_beside_them(thread_runner):
    thread_runner.run(lambda: another_lock.acquire(), lambda: None)

@pytest.fixture
def checked():
    calls = []
    yield calls
    assert calls == [1, 1], "asked before the test has run"

def test_fixture_that_checks_at_its_end(thread_runner, checked):
    thread_runner.run(lambda: checked.append(1), lambda: checked.append(1))
"""


def test_correct_tests_on_state_of_modules_pass(pytester):
    result = run(pytester, STATE, "--concurrency-schedules=25", "--concurrency-max-seconds=60")
    result.result.assert_outcomes(passed=20)
    for name, test in result.tests.items():
        assert test["hazards"] == [], name
        assert "earlier runs" not in str(test["notes"]), name
        assert test["schedules"] >= 20 or test["exhaustive"], name


SINGLETON = """
class Single:
    instance = None
    @classmethod
    def get(cls):
        if cls.instance is None:
            cls.instance = cls()
        return cls.instance

def test_single(thread_runner):
    one, other = thread_runner.run(Single.get, Single.get)
    assert one is other
"""


def test_what_is_made_once_is_made_in_every_schedule(pytester):
    assert "CH110" in run(pytester, SINGLETON).codes("test_single")


C_METACLASS = """
import ctypes, threading

class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int)]
    made = 0

lock = threading.Lock()

def make():
    with lock:
        Point.made += 1
        Point.last = Point(Point.made)

def test_structure(thread_runner):
    thread_runner.run(make, make)
    assert (Point.made, Point.last.x) == (2, 2)
"""


def test_a_class_with_a_metaclass_in_c_is_put_back(pytester):
    result = run(pytester, C_METACLASS)
    result.result.assert_outcomes(passed=1)
    assert result.tests["test_structure"]["schedules"] > 1


WEAK = """
import functools, threading, weakref
import pytest

class Image:
    def __init__(self, name):
        self.name = name

logo, short_lived = Image("logo"), Image("short")
images = weakref.WeakValueDictionary()
named = weakref.WeakValueDictionary(logo=logo, short=short_lived)
notes = weakref.WeakKeyDictionary({logo: ["first"]})
members = weakref.WeakSet([logo])
lock = threading.Lock()
made = []

def get(name):
    image = images.get(name)
    if image is None:
        image = images[name] = Image(name)
    return image

def test_one_image(thread_runner):
    first, second = thread_runner.run(lambda: get("new"), lambda: get("new"))
    assert first is second

def test_all_begin_alike(thread_runner):
    def change(name):
        with lock:
            image = Image(name)
            made.append(image)
            named[name], notes[image] = image, name
            members.add(image)
            members.discard(logo)
            named.pop("logo", None)
            notes.setdefault(logo, []).append(name)

    assert (sorted(named), list(notes.items()), list(members)) == (["logo", "short"], [(logo, ["first"])], [logo])
    thread_runner.map(change, "ab")
    assert (len(named), len(notes), len(members)) == (3, 3, 2)

@functools.singledispatch
def encode(value):
    return "default"

@pytest.mark.stress_threads
def test_dispatch():
    before = encode(1)
    encode.register(int, lambda value: "int")
    assert encode(1) == "int" and before in ("default", "int")
"""


def test_weak_containers_are_put_back(pytester):
    done = run(pytester, WEAK, "--concurrency-schedules=30")
    assert done.outcomes.pop("test_one_image") == "FAILED", done.text
    assert done.codes("test_one_image")[:1] == ["CH110"]
    assert set(done.outcomes.values()) == {"PASSED"}, done.text
    assert "leave something behind" not in done.text and "depends on something else" not in done.text


LOCALS = """
import threading
import pytest

local = threading.local()
local.level = 1

class Stack(threading.local):
    def __init__(self):
        self.items = []

stack = Stack()
opened = []

def session():
    if not hasattr(local, "session"):
        local.session = object()
        opened.append(local.session)
    return local.session

@pytest.mark.stress_threads(workers=0)
def test_each_thread_opens_one():
    assert local.level == 1 and stack.items == []
    session()
    local.level += 1
    stack.items.append(local.level)
    threads = [threading.Thread(target=session) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 3
"""


def test_what_the_tests_own_thread_keeps_in_thread_locals_is_put_back(pytester):
    done = run(pytester, LOCALS, "--concurrency-schedules=30")
    assert done.outcomes == {"test_each_thread_opens_one": "PASSED"}, done.text
    assert "leave something behind" not in done.text


NOT_REWOUND = """
import pathlib
log = pathlib.Path("log.txt")

def test_file(thread_runner):
    def note():
        with log.open("a") as stream:
            stream.write("x")
    thread_runner.run(note, note)
    assert log.read_text() == "xx"

counter = 0
def test_lost_update_all_the_same(thread_runner):
    def add():
        global counter
        counter += 1
    with log.open("a") as stream:
        stream.write("x")
    thread_runner.run(add, add)
    assert len(log.read_text()) == 1
"""


def test_a_failure_that_the_serial_order_shows_too_is_no_hazard(pytester):
    result = run(pytester, NOT_REWOUND, "-k", "test_file")
    result.result.assert_outcomes(passed=1, deselected=1)
    assert "earlier runs leave something behind" in result.text
    (pytester.path / "log.txt").unlink()
    assert run(pytester, None, "-k", "lost").codes("test_lost_update_all_the_same") == ["CH101"]


@pytest.mark.parametrize("workers", [1, 2])
def test_uncontrolled_chance_is_not_blamed_on_the_schedule(pytester, workers):
    """The third run fails, whatever its schedule, and none after it."""
    result = run(
        pytester,
        f"""
        import os, pytest
        @pytest.mark.stress_threads(workers=0)
        def test_chance(thread_runner):
            thread_runner.run(*[lambda: None] * {workers})
            with open("runs", "a") as stream:
                stream.write("x")
            assert os.path.getsize("runs") != 3
        """,
    )
    result.result.assert_outcomes(passed=1)
    assert "passed when it was run again" in result.text


PROCESSES = """
import multiprocessing
import pytest

codes, results = [], []

def work():
    return 1

@pytest.mark.stress_processes(workers=0, repeats=3)
def test_own():
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
    codes.append(process.exitcode)
    assert codes == [0]

@pytest.mark.stress_processes(repeats=3, schedules=5)
def test_runner(process_runner):
    results.extend(process_runner.run(work, work))
    assert results == [1, 1]
"""


def test_each_run_of_a_process_test_starts_from_the_same_state(pytester):
    result = run(pytester, PROCESSES)
    result.result.assert_outcomes(passed=2)
    assert all(test["schedules"] >= 3 for test in result.tests.values())


WAITING = """
import queue, threading

jobs, done = queue.Queue(), queue.Queue()

def serve():
    while True:
        done.put(jobs.get())

threading.Thread(target=serve, daemon=True).start()

def test_a_thread_that_waits_since_before_the_test_is_still_waited_for(thread_runner):
    thread_runner.run(lambda: jobs.put(1), lambda: jobs.put(2))
    assert sorted([done.get(timeout=10), done.get(timeout=10)]) == [1, 2]
"""


def test_a_queue_in_use_is_left_alone(pytester):
    result = run(pytester, WAITING, "--concurrency-schedules=5", "--concurrency-max-seconds=60")
    result.result.assert_outcomes(passed=1)
    assert [test["hazards"] for test in result.tests.values()] == [[]]


GREENLETS = """
import pytest
gevent = pytest.importorskip("gevent")

count, seen = 0, []

def test_runner(greenlet_runner):
    def note():
        seen.append(1)
        gevent.sleep(0)
    greenlet_runner.run(note, note)
    assert len(seen) == 2

@pytest.mark.stress_greenlets
def test_marker():
    global count
    count += 1
    assert count <= 2
"""


GEVENTS = """
import pytest
gevent = pytest.importorskip("gevent")
from gevent.event import AsyncResult, Event
from gevent.local import local
from gevent.lock import BoundedSemaphore, RLock
from gevent.pool import Pool
from gevent.queue import JoinableQueue, LifoQueue, PriorityQueue, Queue
PATCHED = """


GEVENTS_TESTS = """
class Jobs(Queue):
    def __init__(self, name):
        super().__init__(3)
        self.name, self.taken = name, []

class Context(local):
    user = None

ready, going, result, permits, lock = Event(), Event(), AsyncResult(), BoundedSemaphore(2), RLock()
jobs, heap, stack, closed, context, pool = Jobs("a"), PriorityQueue(), LifoQueue(), Queue(), Context(), Pool(2)
full = JoinableQueue()
full.put("first")
full.put("second")
going.set()

@pytest.fixture(scope="module", autouse=True)
def served():
    served = Queue(), Event()
    def serve():
        for function in served[0]:
            function()
            served[0].task_done()
    server = gevent.spawn(serve)
    yield served
    server.kill()

@pytest.mark.stress_greenlets(workers=0, repeats=3)
def test_all(served):
    assert (ready.is_set(), going.is_set(), result.ready(), permits.counter) == (False, True, False, 2)
    assert (jobs.qsize(), jobs.taken, heap.qsize(), stack.qsize(), closed.qsize()) == (0, [], 0, 0, 0)
    assert (context.user, pool.free_count(), full.qsize(), full.unfinished_tasks, lock._count) == (None, 2, 2, 2, 0)
    served[0].put(lambda: gevent.sleep(0))
    served[0].put(ready.set)
    going.clear()
    result.set(1)
    permits.acquire()
    lock.acquire()
    context.user = "ann"
    jobs.put(1)
    jobs.taken.append(1)
    heap.put(3)
    heap.put(1)
    stack.put(1)
    closed.put(1)
    if hasattr(closed, "shutdown"):
        closed.shutdown()
    pool.spawn(gevent.sleep, 60)
    assert full.get() == "first"
    full.task_done()
    full.put("third")
    ready.wait()
"""


@pytest.mark.parametrize("patched", ["False", "gevent.monkey.patch_all() or True"])
def test_what_gevent_keeps_is_put_back(pytester, patched):
    pytest.importorskip("gevent")
    result = run(pytester, GEVENTS.replace("PATCHED = ", "import gevent.monkey\nPATCHED = ") + patched + GEVENTS_TESTS)
    result.result.assert_outcomes(passed=1)
    assert [test["hazards"] for test in result.tests.values()] == [[]]
    assert not any("left" in note or "leaves" in note for test in result.tests.values() for note in test["notes"])


def test_each_run_of_a_greenlet_test_starts_from_the_same_state(pytester):
    pytest.importorskip("gevent")
    result = run(pytester, GREENLETS)
    result.result.assert_outcomes(passed=2)
