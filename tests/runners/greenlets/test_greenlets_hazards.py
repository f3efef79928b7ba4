"""The other hazards of greenlets, and programs that have none."""

from __future__ import annotations

import sys

import pytest

TUTORIAL = """
    import gevent, gevent.event, pytest, socket, time

    def handle_request(conn):
        try:
            while True:
                data = conn.recv(1024)
                conn.send(data)
                if not data:
                    conn.shutdown(socket.SHUT_WR)
        except Exception as error:
            print(error)
        finally:
            conn.close()

    def server(ready, handle, wait):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(500)
        ready.set(listener.getsockname())
        while True:
            conn, _ = listener.accept()
            if wait:
                g = gevent.spawn(handle, conn)
                g.join()
            else:
                gevent.spawn(handle, conn)

    def mended(conn):
        with conn:
            while data := conn.recv(1024):
                conn.sendall(data)

    def client(address):
        with socket.create_connection(address) as conn:
            conn.sendall(b"hello")
            assert conn.recv(1024) == b"hello"
            time.sleep(0.01)

    def serve(clients, *how):
        ready = gevent.event.AsyncResult()
        gevent.spawn(server, ready, *how)
        address = ready.get()
        gevent.joinall([gevent.spawn(client, address) for _ in range(clients)], raise_error=True)

    @pytest.mark.stress_greenlets(workers=0, repeats=2)
    def test_tutorial():
        serve(4, handle_request, True)

    @pytest.mark.stress_greenlets(workers=0, repeats=2)
    def test_mended():
        serve(200, mended, False)

    @pytest.mark.stress_greenlets(workers=0, repeats=1)
    def test_two_sleepers():
        def sleeper():
            gevent.sleep(0.3)
        gevent.joinall([gevent.spawn(sleeper), gevent.spawn(sleeper)])
"""


def test_the_tutorials_server(stress):
    tests = stress(test_tutorial=TUTORIAL)
    assert stress.codes(tests["test_tutorial"]) == ["CH307", "CH305"]
    lines = {hazard["code"]: hazard["locations"][0]["line"] for hazard in tests["test_tutorial"]["hazards"]}
    rows = [row.strip() for row in TUTORIAL.splitlines()]
    assert rows[lines["CH307"]] == "data = conn.recv(1024)"
    assert rows[lines["CH305"]] == "g = gevent.spawn(handle, conn)"
    assert stress.codes(tests["test_mended"]) == []
    note, unexplored = tests["test_two_sleepers"]["notes"]
    assert unexplored.endswith("not explored: repeats=1")
    assert note.startswith("the greenlets overlapped: 2 at once")


LOST = """
    import gevent, pytest, socket, starter, threading
    from starter import fail
    mark = pytest.mark.stress_greenlets(workers=0, repeats=2)

    class Option:
        def __init__(self):
            self.value = 3
        def doubled(self):
            return 2 * self.value

    LIMIT = Option()

    @mark
    def test_value_of_something_else():
        option = Option()
        gevent.spawn(fail).join()
        assert option.value == LIMIT.value == option.doubled() / 2

    @mark
    def test_thread():
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    @mark
    def test_timer():
        timer = threading.Timer(0.001, fail)
        timer.start()
        timer.join()

    @mark
    def test_time_out_with_an_error_of_its_own():
        def wait():
            with gevent.Timeout(0.001, LookupError):
                gevent.sleep(10)
        gevent.spawn(wait).join()

    @mark
    def test_killed_and_fails_at_its_end():
        def wait():
            try:
                gevent.sleep(10)
            finally:
                [].pop()
        greenlet = gevent.spawn(wait)
        gevent.sleep(0)
        greenlet.kill(LookupError)

    @mark
    def test_dropped_beside_one_that_is_looked_at():
        with pytest.raises(LookupError):
            gevent.spawn(fail).get()
        gevent.spawn(fail)
        gevent.sleep(0.001)

    @mark
    def test_socket_closed_by_another():
        ours, theirs = socket.socketpair()
        reader = gevent.spawn(ours.recv, 1)
        gevent.sleep(0)
        ours.close()
        reader.join()
        theirs.close()
"""
NOT_LOST = """
    import gevent, pytest, starter, threading
    mark = pytest.mark.stress_greenlets(workers=0, repeats=2)

    def outcome(greenlets):
        return [type(each.exception) for each in greenlets]

    @mark
    def test_spawned_elsewhere():
        greenlet = starter.start()
        gevent.wait([greenlet])
        assert outcome([greenlet]) == [LookupError]

    @mark
    def test_thread_with_a_hook_of_the_program(monkeypatch):
        seen = []
        monkeypatch.setattr(threading, "excepthook", seen.append)
        thread = threading.Thread(target=starter.fail)
        thread.start()
        thread.join()
        assert len(seen) == 1

    @mark
    def test_thread_that_keeps_its_error():
        errors = []
        def work():
            try:
                starter.fail()
            except LookupError as error:
                errors.append(error)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert errors
"""
TOLD = """
    import gevent, gevent.pool, pytest, starter
    mark = pytest.mark.stress_greenlets(workers=0, repeats=2)

    @mark
    def test_first_of_two_is_raised():
        with pytest.raises(LookupError):
            gevent.joinall([gevent.spawn(starter.fail), gevent.spawn(starter.fail)], raise_error=True)

    @mark
    def test_asked_in_turn_until_one_has_failed():
        greenlets = [gevent.spawn(starter.fail) for _ in range(3)]
        with pytest.raises(LookupError):
            [greenlet.get() for greenlet in greenlets]
        gevent.joinall(greenlets)

    @mark
    def test_group_raises_the_first():
        group = gevent.pool.Group()
        group.spawn(starter.fail)
        group.spawn(starter.fail)
        with pytest.raises(LookupError):
            group.join(raise_error=True)

    @mark
    @pytest.mark.parametrize("begun", [False, True])
    def test_killed_with_an_exception(begun):
        greenlets = [gevent.spawn(gevent.sleep, 10), gevent.spawn(starter.wait)]
        if begun:
            gevent.sleep(0)
        gevent.killall(greenlets, LookupError)
"""
DROPPED = """
    import gevent, pytest
    from starter import fail

    @pytest.mark.stress_greenlets(workers=0, repeats=2)
    def test_dropped():
        gevent.spawn(fail)
        other = gevent.spawn(int)
        other.join()
        assert other.value == 0
"""
STARTER = """
    import gevent

    def fail():
        raise LookupError("it")

    def start():
        return gevent.spawn(fail)

    def wait():
        with gevent.Timeout(10):
            gevent.sleep(100)
"""


def test_whose_outcome_is_looked_at(stress):
    tests = stress(starter=STARTER, test_lost=LOST, test_not_lost=NOT_LOST, test_told=TOLD, test_dropped=DROPPED)
    lost = {name for name, test in tests.items() if test["nodeid"].startswith(("test_lost.py", "test_dropped.py"))}
    assert len(lost) == 8
    assert {name: stress.codes(test) for name, test in tests.items()} == {
        name: ["CH306"] if name in lost else [] for name in tests
    }
    detail = tests["test_thread"]["hazards"][0]["detail"]
    assert "test_lost.py:22: the thread started here died of LookupError: it" in detail
    assert "starter.py:4 in fail" in detail
    assert "where the thread is joined" in detail
    assert "joinall(raise_error=True)" not in detail
    assert "PytestUnhandledThreadExceptionWarning" not in stress.result.stdout.str()
    ignored = stress("test_lost.py", "-k", "test_thread", "-o", "concurrency_ignore=CH306", test_lost=LOST)
    assert stress.codes(ignored["test_thread"]) == []
    assert "PytestUnhandledThreadExceptionWarning" in stress.result.stdout.str()


COMPUTES = """
    import gevent, hashlib, pytest
    mark = pytest.mark.stress_greenlets(workers=0, repeats=4, max_block=0.01)
    NUMBERS = list(range(6_000_000))

    def at_once(function):
        gevent.joinall([gevent.spawn(gevent.sleep, 0.001), gevent.spawn(function)], raise_error=True)

    @mark
    def test_a_loop():
        def count():
            n = 0
            while n < 2_000_000:
                n += 1
        at_once(count)

    @mark
    def test_a_digest():
        at_once(lambda: hashlib.pbkdf2_hmac("sha256", b"word", b"salt", 150_000))

    @mark
    def test_a_sum():
        at_once(lambda: sum(NUMBERS))

    class Table:
        def __init__(self):
            self.rows = [n * 0.5 for n in range(2_000_000)]

    @mark
    def test_a_constructor():
        at_once(lambda: Table())
"""


def test_the_advice_fits_what_computes(stress):
    tests = stress(test_computes=COMPUTES)
    assert {name: stress.codes(test) for name, test in tests.items()} == dict.fromkeys(tests, ["CH303"])
    fixes = {
        name: next(line for line in test["hazards"][0]["detail"].splitlines() if line.startswith("Fix: "))
        for name, test in tests.items()
    }
    assert "gevent.sleep(0)" in fixes["test_a_loop"] and "threadpool" not in fixes["test_a_loop"]
    assert fixes["test_a_digest"].startswith("Fix: Run it in gevent.get_hub().threadpool")
    assert fixes["test_a_sum"].startswith("Fix: Run it in another process")
    within = tests["test_a_constructor"]["hazards"][0]["locations"][0]["line"]
    assert within == COMPUTES[: COMPUTES.index("self.rows")].count("\n"), "not where it is called"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="calls of objects are timed from 3.12 on")
def test_an_object_of_c_code_computes_in_c(stress):
    tests = stress(
        test_json="""
        import gevent, json, pytest
        TEXT = json.dumps([{"number": number} for number in range(100_000)])

        @pytest.mark.stress_greenlets(workers=0, repeats=4)
        def test_loads():
            gevent.joinall([gevent.spawn(gevent.sleep, 0.001), gevent.spawn(lambda: json.loads(TEXT))])
        """
    )
    (hazard,) = tests["test_loads"]["hazards"]
    assert hazard["code"] == "CH303" and "json.loads() stopped" in hazard["message"]
    assert "computes in C" in hazard["message"] and "Fix: Run it in another process" in hazard["detail"]


def test_a_failure_does_not_hide_the_block_that_it_comes_from(stress):
    tests = stress(
        test_polls="""
        from select import select
        from gevent import monkey
        monkey.patch_all()
        import gevent, pytest, socket
        @pytest.mark.stress_greenlets(workers=0)
        def test_polls():
            near, far = socket.socketpair()
            def poll():
                return select([near], [], [], 0.03)[0]
            poller, sender = gevent.spawn(poll), gevent.spawn(far.send, b"x")
            gevent.joinall([poller, sender], raise_error=True)
            near.close()
            far.close()
            assert poller.value
        """
    )
    assert stress.codes(tests["test_polls"]) == ["CH301", "CH304"]
    stress.result.stdout.fnmatch_lines(["*assert poller.value*", "*select.select() stopped every greenlet*"])


def test_what_only_the_hub_sees_is_a_note(stress):
    tests = stress(
        test_unseen="""
        import gevent, pytest, socket
        from gevent.server import StreamServer

        @pytest.mark.stress_greenlets(workers=0, repeats=2)
        def test_link():
            def ended(job):
                raise LookupError("of a link")
            job = gevent.spawn(gevent.sleep, 0)
            job.link(ended)
            job.join()

        @pytest.mark.stress_greenlets(workers=0, repeats=2)
        def test_handler():
            def handle(conn, address):
                raise LookupError("of a handler")
            server = StreamServer(("127.0.0.1", 0), handle)
            server.start()
            with socket.create_connection(server.address, timeout=5) as conn:
                assert conn.recv(1) == b""
            server.stop()
        """
    )
    stress.result.assert_outcomes(passed=2)
    for name, line in (("link", 7), ("handler", 15)):
        notes = [note for note in tests[f"test_{name}"]["notes"] if "only who reads standard error" in note]
        assert [note.startswith(f"test_unseen.py:{line} raised LookupError: of a {name}") for note in notes] == [True]


LEFT_BEHIND = """
    import gevent, gevent.event, os, pytest
    from pathlib import Path

    @pytest.fixture(scope="module")
    def path(tmp_path_factory):
        return tmp_path_factory.mktemp("here") / "file"

    @pytest.mark.stress_greenlets(workers=0)
    def test_a_file(path):
        assert not path.exists()
        def check():
            assert not path.exists()
        gevent.spawn(check)
        gevent.spawn(path.touch).join()

    first = iter([None])
    def test_in_the_usual_order(greenlet_runner):
        box, full = [], gevent.event.Event()
        def fill():
            gevent.sleep(0.004)
            box.append(1)
            full.set()
        def take():
            full.wait(next(first, 0.002))
            return box[0]
        greenlet_runner.run(fill, take)

    @pytest.mark.stress_greenlets(workers=0)
    def test_an_end_that_is_caught():
        def beat():
            while True:
                try:
                    gevent.sleep(0.001)
                except BaseException:
                    pass
        gevent.spawn(beat)
        gevent.sleep(0.002)

    @pytest.mark.stress_greenlets(workers=1, timeout=0.3)
    def test_a_worker_that_catches_its_end():
        while True:
            try:
                gevent.sleep(0.01)
            except BaseException:
                pass

    numbers = iter(range(100))
    @pytest.mark.stress_greenlets(workers=0)
    def test_now_and_then():
        gevent.spawn(gevent.sleep, 0).join()
        assert next(numbers) % 3 != 1
"""


def test_a_test_that_passes_only_when_it_is_run_first_is_not_judged_by_later_runs(stress):
    tests = stress(test_left=LEFT_BEHIND)
    stress.result.assert_outcomes(passed=2, failed=3)
    assert stress.codes(tests["test_a_file"]) == []
    assert any("(spawned at no line of the project)" in n for n in tests["test_a_worker_that_catches_its_end"]["notes"])
    assert stress.codes(tests["test_in_the_usual_order"])[-1] == "CH110"
    assert tests["test_an_end_that_is_caught"]["schedules"] == 1
    assert "did not end when they were killed (spawned at " in tests["test_an_end_that_is_caught"]["notes"][-2]
    assert tests["test_a_file"]["notes"][-2].startswith("it passed once and fails whenever it is run again (Assert")
    assert tests["test_now_and_then"]["outcome"] == "failed"


def test_deadlock_lost_error_and_how_errors_are_looked_at(stress):
    tests = stress(
        test_other="""
        import gevent, pytest
        from gevent.lock import Semaphore
        mark = pytest.mark.stress_greenlets(workers=0, repeats=2)

        def fail():
            raise KeyError("lost")

        @mark
        def test_deadlock():
            one, other = Semaphore(), Semaphore()
            def take(first, second):
                with first:
                    gevent.sleep(0)
                    with second:
                        pass
            gevent.joinall([gevent.spawn(take, one, other), gevent.spawn(take, other, one)])

        @mark
        def test_lost():
            g = gevent.spawn(fail)
            gevent.sleep(0.001)

        @mark
        def test_get():
            g = gevent.spawn(fail)
            with pytest.raises(KeyError):
                g.get()

        @mark
        def test_joinall():
            with pytest.raises(KeyError):
                gevent.joinall([gevent.spawn(fail)], raise_error=True)

        @mark
        def test_killed():
            g = gevent.spawn(gevent.sleep, 100)
            gevent.sleep(0)
            g.kill()

        @mark
        def test_left_running():
            gevent.spawn(gevent.sleep, 100)
            gevent.sleep(0)
        """,
        test_looks="""
        import gevent, pytest
        def fail():
            raise KeyError("seen")
        @pytest.mark.stress_greenlets(workers=0, repeats=2)
        def test_exception():
            g = gevent.spawn(fail)
            g.join()
            assert isinstance(g.exception, KeyError)
        @pytest.mark.stress_greenlets(workers=0, repeats=2)
        def test_does_not_look():  # that another test of the module does is no matter
            gevent.spawn(fail).join()
        """,
    )
    (deadlock,) = tests["test_deadlock"]["hazards"]
    assert deadlock["code"] == "CH104"
    assert [(p["worker"], p["line"], p["target"]) for p in deadlock["locations"]] == [
        ("0", 16, "gevent.joinall()"),
        ("0.0", 14, "with second"),
        ("0.1", 14, "with second"),
    ]
    (lost,) = tests["test_lost"]["hazards"]
    assert (lost["code"], lost["locations"][0]["line"]) == ("CH306", 20)
    assert stress.codes(tests["test_does_not_look"]) == ["CH306"]
    for name in ("test_get", "test_joinall", "test_killed", "test_left_running", "test_exception"):
        assert stress.codes(tests[name]) == [], name


def test_a_loop_that_never_lets_the_hub_run_is_named_for_what_it_is(stress):
    tests = stress(
        test_endless="""
        import gevent, gevent.server, pytest, socket
        def handle(conn, address):
            data = b""
            while b"\\n" not in data:
                data += conn.recv(64)
        @pytest.mark.stress_greenlets(workers=0, timeout=0.5)
        def test_endless():
            server = gevent.server.StreamServer(("127.0.0.1", 0), handle)
            server.start()
            with socket.create_connection(server.address) as conn:
                conn.sendall(b"x")
            gevent.sleep(0.1)
        """
    )
    (hazard,) = tests["test_endless"]["hazards"]
    assert (hazard["code"], hazard["locations"][0]["line"]) == ("CH307", 5)
    stress.result.stdout.fnmatch_lines(["*CH307 busy loop on a closed peer*"])


COOPERATIVE = """
    import concurrent.futures, http.client, queue, select, socket, subprocess, threading, time
    import gevent, gevent.event, gevent.local, gevent.pool, gevent.pywsgi, gevent.server, gevent.threadpool
    import pytest
    mark = pytest.mark.stress_greenlets(workers=0, repeats=2)

    def together(*functions):
        gevent.joinall([gevent.spawn(function) for function in functions], raise_error=True)

    @mark
    def test_stream_server():
        def handle(conn, address):
            while data := conn.recv(4096):
                conn.sendall(data)
        server = gevent.server.StreamServer(("127.0.0.1", 0), handle)
        server.start()
        def client():
            with socket.create_connection(server.address) as conn:
                for _ in range(20):
                    conn.sendall(b"x")
                    assert conn.recv(10) == b"x"
        together(*[client] * 10)
        server.stop()

    @mark
    def test_wsgi():
        def app(environ, start):
            start("200 OK", [])
            time.sleep(0.001)
            return [b"hello"]
        server = gevent.pywsgi.WSGIServer(("127.0.0.1", 0), app, log=None)
        server.start()
        def client():
            conn = http.client.HTTPConnection("127.0.0.1", server.server_port)
            conn.request("GET", "/")
            assert conn.getresponse().read() == b"hello"
            conn.close()
        together(*[client] * 5)
        server.stop()

    @mark
    def test_pool_and_queue():
        assert len(gevent.pool.Pool(5).map(lambda n: gevent.sleep(0.001), range(20))) == 20
        items = queue.Queue(2)
        together(lambda: [items.put(n) for n in range(20)], lambda: [items.get() for _ in range(20)])

    @mark
    def test_locks_and_events():
        condition, event = threading.Condition(), threading.Event()
        def wait():
            with condition:
                condition.wait(5)
            event.set()
        def wake():
            time.sleep(0.005)
            with condition:
                condition.notify_all()
            event.wait()
        together(wait, wake)

    @mark
    def test_thread_pools():
        pool = gevent.threadpool.ThreadPool(2)
        def compute():
            return sum(range(300_000))
        together(*[lambda: pool.apply(compute)] * 4, lambda: [time.sleep(0.001) for _ in range(20)])
        pool.kill()
        with concurrent.futures.ThreadPoolExecutor(3) as executor:
            list(executor.map(lambda n: time.sleep(0.002), range(6)))

    @mark
    def test_subprocess_with_warnings_as_errors(recwarn):
        import warnings
        warnings.simplefilter("error")
        def echo():
            assert subprocess.run(["echo", "x"], capture_output=True).stdout
        together(echo, echo)

    @mark
    def test_select_and_timeouts():
        near, far = socket.socketpair()
        def write():
            time.sleep(0.01)
            far.send(b"x")
        def read():
            assert select.select([near], [], [], 5)[0]
        together(read, write)
        with gevent.Timeout(0.01, False):
            gevent.event.Event().wait()

    @mark
    def test_computes_before_anybody_is_there():
        end = time.perf_counter() + 0.04
        while time.perf_counter() < end:
            pass
        together(lambda: gevent.sleep(0.001))

    @mark
    def test_large_import_in_a_greenlet():
        def late_import():
            import xml.dom.minidom, distutils_free_name_that_is_not_there
        g = gevent.spawn(late_import)
        with pytest.raises(ImportError):
            g.get()
"""


def test_cooperative_programs_are_silent(stress):
    tests = stress(test_cooperative=COOPERATIVE)
    stress.result.assert_outcomes(passed=9)
    assert {name: stress.codes(test) for name, test in tests.items() if test["hazards"]} == {}
