"""Calls that gevent's patching misses: each is reported with its line, its reason and its duration."""

from __future__ import annotations

import platform
import sys

import pytest

LATE_MODULE = """
    import functools, queue, select, socket, threading, time
    from time import sleep
    lock = threading.Lock()
    lock.acquire()
    simple_queue = queue.SimpleQueue()
    near, far = socket.socketpair()
    near.settimeout(0.04)
    nap = functools.partial(time.sleep, 0.03)
    table = {"nap": time.sleep}
    def default_nap(seconds, _sleep=time.sleep):
        _sleep(seconds)
    class Napper:
        nap = staticmethod(time.sleep)
        def __init__(self):
            self.lock = threading.Lock()
            self.lock.acquire()
    napper = Napper()
    poller = select.epoll()
    wait_for = select.select
"""
# expression, milliseconds, line of LATE_MODULE that bound it
LATE = {
    "attribute": ("native.sleep(0.03)", 30, 2),
    "lock": ("native.lock.acquire(timeout=0.04)", 40, 3),
    "simple_queue": ("empty(native.simple_queue.get)", 40, 5),
    "socket": ("unready(native.near.recv)", 40, 6),
    "partial": ("native.nap()", 30, 8),
    "entry": ("native.table['nap'](0.03)", 30, 9),
    "default": ("native.default_nap(0.03)", 30, 10),
    "class_attribute": ("native.Napper.nap(0.03)", 30, 13),
    "instance_lock": ("native.napper.lock.acquire(timeout=0.04)", 40, 15),
    "epoll": ("native.poller.poll(0.04)", 40, 18),
    "select": ("native.wait_for([native.near], [], [], 0.04)", 40, 19),
}


def test_bound_before_a_late_patch(stress):
    lines = ["import native, pytest, queue"]
    lines += ["def empty(get):", "    try: get(timeout=0.04)", "    except queue.Empty: pass"]
    lines += ["def unready(recv):", "    try: recv(1)", "    except OSError: pass"]
    at = {}
    for name, (call, _, _) in LATE.items():
        lines += [
            "@pytest.mark.stress_greenlets(patch='late', repeats=3, ignore=['CH304'])",
            f"def test_{name}():",
        ]
        lines.append(f"    {call}")
        at[name] = len(lines)
    at.update(simple_queue=3, socket=6)
    tests = stress(native=LATE_MODULE, test_late="\n".join(lines))
    for name, (_, milliseconds, bound) in LATE.items():
        (hazard,) = tests[f"test_{name}"]["hazards"]
        where, binding = hazard["locations"][0], hazard["locations"][-1]
        assert hazard["code"] == "CH301", name
        if name == "default":
            assert (where["path"], where["line"]) == ("native.py", 11)
        else:
            assert (where["path"], where["line"]) == ("test_late.py", at[name]), name
        if name not in ("simple_queue", "socket"):
            assert (binding["path"], binding["line"]) == ("native.py", bound), name
        assert int(where["value"].split()[0]) >= milliseconds, name


C_CALLS = """
    import bz2, ctypes, fcntl, hashlib, multiprocessing, os, re, signal, sqlite3, subprocess, time, zlib
    import pytest
    libc = ctypes.CDLL(None)
    semaphore = multiprocessing.Semaphore(0)
    noise = os.urandom(1_500_000)
    mark = pytest.mark.stress_greenlets(repeats=3)

    @mark
    def test_system():
        os.system("sleep 0.04")  # CH302
    @mark
    def test_wait4():
        child = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "0.05")
        os.wait4(child, 0)  # CH302
    @mark
    def test_usleep():
        libc.usleep(30000)  # CH302
    @mark
    def test_semaphore():
        semaphore.acquire(timeout=0.04)  # CH302
    @mark
    def test_sigtimedwait():
        signal.sigtimedwait([signal.SIGUSR1], 0.04)  # CH302
    @mark
    def test_read():
        near, far = os.pipe()
        child = subprocess.Popen(["sh", "-c", "sleep 0.06; echo x"], stdout=far)
        os.read(near, 1)  # CH302
        child.wait(); os.close(near); os.close(far)
    @mark
    def test_flock(tmp_path):
        path = str(tmp_path / str(time.monotonic_ns()))
        here, there = open(path, "w"), os.open(path, os.O_RDWR)
        fcntl.flock(there, fcntl.LOCK_EX)
        child = subprocess.Popen(["sleep", "0.06"], pass_fds=[there])
        os.close(there)
        fcntl.flock(here, fcntl.LOCK_EX)  # CH302
        child.wait(); here.close()
    @mark
    def test_fifo(tmp_path):
        path = str(tmp_path / str(time.monotonic_ns()))
        os.mkfifo(path)
        child = subprocess.Popen(["sh", "-c", f"sleep 0.06; echo x > {path}"])
        with open(path) as stream:  # CH302
            stream.read()
        child.wait()
    @mark
    def test_sqlite(tmp_path):
        path = str(tmp_path / str(time.monotonic_ns()))
        one = sqlite3.connect(path, isolation_level=None)
        other = sqlite3.connect(path, isolation_level=None, timeout=0.05)
        one.execute("begin exclusive")
        try:
            other.execute("create table t (x)")  # CH302
        except sqlite3.OperationalError:
            pass
        one.close(); other.close()
    @mark
    def test_pbkdf2():
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 100000)  # CH303
    @mark
    def test_zlib():
        zlib.compress(noise, 9)  # CH303
    @mark
    def test_bz2():
        bz2.compress(noise[:400000])  # CH303
    @mark
    def test_regex():
        re.match(r"(a+)+$", "a" * 21 + "b")  # CH303
    @mark
    def test_python():
        for number in range(10_000_000): pass  # CH303
"""


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="Linux")
def test_c_code(stress):
    tests = stress(test_c=C_CALLS)
    expected = {}
    name = ""
    for number, row in enumerate(C_CALLS.splitlines()[1:], 1):
        if "def test_" in row:
            name = row.split()[1].split("(")[0]
        if "# CH" in row:
            expected[name] = (row.rpartition("# ")[2], number)
    for name, (code, line) in expected.items():
        found = tests[name]["hazards"]
        assert [(h["code"], h["locations"][0]["line"]) for h in found] == [(code, line)], name
        seconds = found[0]["locations"][0]["value"]
        assert seconds.endswith("ms") and int(seconds.split()[0]) >= 10


SITES = """
    import os, subprocess, time
    import gevent, pytest, store
    from gevent.monkey import get_original
    mark = pytest.mark.stress_greenlets(patch="late", repeats=3, ignore=["CH304"])

    @pytest.mark.stress_greenlets(patch="late", repeats=3, ignore=["CH304"], workers=0)
    def test_with():
        taken = get_original("_thread", "allocate_lock")()
        taken.acquire()
        sleep = get_original("time", "sleep")
        def hold():
            with store.lock:
                taken.release()
                sleep(0.06)
        get_original("_thread", "start_new_thread")(hold, ())
        taken.acquire()
        with store.lock:
            pass
    @mark
    def test_two_in_a_row():
        store.nap(0.03)
        os.system("sleep 0.05")
    @mark
    def test_iteration(tmp_path):
        path = str(tmp_path / str(time.monotonic_ns()))
        os.mkfifo(path)
        child = subprocess.Popen(["sh", "-c", f"exec 3>{path}; sleep 0.06; echo a >&3"])
        stream = open(path)
        for line in stream:
            pass
        child.wait()
    @mark
    def test_short_ones():
        for _ in range(10):
            store.nap(0.004)
"""


def test_call_sites(stress):
    store = "import threading\nfrom time import sleep as nap\nlock = threading.Lock()\n"
    tests = stress(store=store, test_sites=SITES)

    def found(name: str) -> list[tuple[str, str, str]]:
        rows = [row.strip() for row in SITES.splitlines()]
        hazards = tests[name]["hazards"]
        return [(h["code"], rows[h["locations"][0]["line"]], h["locations"][0]["target"]) for h in hazards]

    assert found("test_with") == [("CH301", "with store.lock:", "with store.lock")]
    assert found("test_two_in_a_row") == [
        ("CH301", "store.nap(0.03)", "time.sleep()"),
        ("CH302", 'os.system("sleep 0.05")', "os.system()"),
    ]
    assert found("test_iteration") == [("CH302", "for line in stream:", "iteration of stream")]
    assert found("test_short_ones") == [("CH301", "store.nap(0.004)", "time.sleep()")]


def test_an_unpatched_process_says_so(stress):
    tests = stress(
        test_none="""
        import time, pytest
        @pytest.mark.stress_greenlets(patch="none", repeats=3)
        def test_sleep():
            time.sleep(0.03)
        """
    )
    assert stress.codes(tests["test_sleep"]) == ["CH301"]
    hazard = tests["test_sleep"]["hazards"][0]
    assert "has not patched" in hazard["message"]
    assert "Fix: Call gevent.monkey.patch_all()" in hazard["detail"]


def test_what_patch_all_was_told_to_leave_alone(stress):
    tests = stress(
        test_partly="""
        from gevent import monkey
        monkey.patch_all(thread=False)
        import gevent, pytest, threading
        @pytest.mark.stress_greenlets(workers=0, repeats=3)
        def test_event():
            done = threading.Event()
            gevent.spawn(done.wait, 0.04).join()
        """
    )
    assert stress.codes(tests["test_event"]) == ["CH301"]
    assert "patch_all() without thread=False" in tests["test_event"]["hazards"][0]["detail"]
    assert "Cause: gevent has not patched threading" in tests["test_event"]["hazards"][0]["detail"]


def test_ignored_and_only_warned(stress):
    stress.pytester.makeini("[pytest]\nconcurrency_ignore = CH302\n")
    tests = stress(
        test_ignored="""
        import os, pytest
        @pytest.mark.stress_greenlets(repeats=2)
        def test_system():
            os.system("sleep 0.04")
        """
    )
    stress.result.assert_outcomes(passed=1)
    assert stress.codes(tests["test_system"]) == []


SPAWNED = """
    import ctypes, gevent, pytest
    from gevent.monkey import get_original
    own = pytest.mark.stress_greenlets(workers=0, repeats=3)
    usleep = ctypes.CDLL(None).usleep
    sleep = get_original("time", "sleep")
    NUMBERS = list(range(6_000_000))

    def beside(*spawned):
        gevent.joinall([gevent.spawn(gevent.sleep, 0.02), *spawned])

    @own
    def test_usleep():
        beside(gevent.spawn(usleep, 100000))

    @own
    def test_sleep():
        beside(gevent.spawn(sleep, 0.1))

    @own
    def test_sum():
        beside(gevent.spawn(sum, NUMBERS))

    @own
    def test_quick():
        beside(gevent.spawn(abs, 1))
"""


def test_a_greenlet_that_is_in_c_from_its_first_moment(stress):
    tests = stress(test_spawned=SPAWNED)
    found = {name: stress.codes(test) for name, test in tests.items()}
    assert found == {"test_usleep": ["CH302"], "test_sleep": ["CH301"], "test_sum": ["CH303"], "test_quick": []}
    messages = {name: test["hazards"][0]["message"] for name, test in tests.items() if test["hazards"]}
    assert messages["test_usleep"].startswith("test_spawned.py:13: usleep() stopped every greenlet")
    assert messages["test_sleep"].startswith("test_spawned.py:17: time.sleep() stopped every greenlet")
    assert messages["test_sum"].startswith("test_spawned.py:21: sum() stopped every greenlet")
