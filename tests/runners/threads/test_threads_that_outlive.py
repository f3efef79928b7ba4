"""Threads that serve more than one schedule: their work still gets done, and is waited for in real time."""

from __future__ import annotations

import pytest


@pytest.fixture
def run(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")  # so that no line which is looked for is broken

    def run(source: str, *options: str):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", *options, timeout=90)

    return run


def test_executor_of_a_module(run):
    result = run(
        """
        from concurrent.futures import ThreadPoolExecutor

        import pytest

        executor = ThreadPoolExecutor(2)

        @pytest.mark.stress_threads(workers=0, schedules=12, max_seconds=2)
        def test_own():
            assert [f.result() for f in [executor.submit(pow, i, 2) for i in range(3)]] == [0, 1, 4]

        @pytest.mark.stress_threads(workers=2, schedules=12, max_seconds=2)
        def test_marker():
            assert list(executor.map(abs, [-1, -2])) == [1, 2]

        def test_plain():
            assert executor.submit(abs, -3).result(5) == 3
        """
    )
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*cut short*")  # nobody waits for threads that have nothing to do


def test_executor_of_a_wider_fixture(run):
    result = run(
        """
        from concurrent.futures import ThreadPoolExecutor

        import pytest

        @pytest.fixture(scope="module")
        def executor():
            with ThreadPoolExecutor(2) as made:
                yield made

        @pytest.mark.stress_threads(workers=2, schedules=12, max_seconds=2)
        def test_result(executor):
            assert executor.submit(pow, 2, 2).result() == 4

        @pytest.mark.stress_threads(workers=2, schedules=12, max_seconds=2)
        def test_timed_result(executor):
            assert executor.submit(pow, 2, 2).result(timeout=5) == 4
        """
    )
    result.assert_outcomes(passed=2)


def test_thread_of_a_session_fixture(run):
    result = run(
        """
        import queue
        import threading
        import time

        import pytest

        @pytest.fixture(scope="session")
        def server():
            requests = queue.Queue()

            def serve():
                while (event := requests.get()) is not None:
                    time.sleep(0.03)
                    event.set()

            thread = threading.Thread(target=serve)
            thread.start()
            yield requests
            requests.put(None)
            thread.join()

        @pytest.mark.stress_threads(workers=2, schedules=12, max_seconds=2)
        @pytest.mark.parametrize("timeout", [None, 5])
        def test_reply(server, timeout):
            event = threading.Event()
            server.put(event)
            assert event.wait(timeout)
        """
    )
    result.assert_outcomes(passed=2)


SERVICE = """
import queue
import threading

import pytest

class Service:
    made = None
    lock = threading.Lock()

    def __init__(self):
        self.requests = queue.Queue()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.requests.get().set()

    @classmethod
    def get(cls):
        with cls.lock:
            if cls.made is None:
                cls.made = cls()
            return cls.made

    def ask(self):
        replied = threading.Event()
        self.requests.put(replied)
        assert replied.wait(5)
"""


def test_daemon_of_a_service_made_on_first_use(run):
    result = run(
        SERVICE
        + """
@pytest.mark.stress_threads(workers=2, schedules=12, max_seconds=2)
def test_ask():
    Service.get().ask()

def test_plain():
    Service.get().ask()
"""
    )
    result.assert_outcomes(passed=2)


def test_daemons_that_each_schedule_starts_anew_are_ended(run):
    result = run(
        SERVICE
        + """
@pytest.mark.stress_threads(workers=2, schedules=12)
def test_ask():
    Service().ask()

def test_nothing_left():
    left = [t for t in threading.enumerate() if t.name.endswith("(serve)")]
    assert len(left) <= 6  # those of the three free runs, where nobody may end them
"""
    )
    result.assert_outcomes(passed=2)


def test_a_deadlock_beside_an_idle_executor_is_still_one(run):
    result = run(
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor

        import pytest

        executor = ThreadPoolExecutor(1)
        executor.submit(int).result()
        first, second = threading.Lock(), threading.Lock()

        def test_locks(thread_runner):
            def one():
                with first, second:
                    executor.submit(int)

            def other():
                with second, first:
                    pass

            thread_runner.run(one, other)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CH104 deadlock*"])


def test_a_deadlock_beside_a_thread_that_never_rests_is_found_at_once(run):
    result = run(
        """
        import threading
        import time

        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def heartbeat():
            stop = threading.Event()

            def beat():
                while not stop.wait(0.01):
                    pass

            thread = threading.Thread(target=beat)
            thread.start()
            yield
            stop.set()
            thread.join()

        @pytest.mark.stress_threads(timeout=2)
        def test_locks(thread_runner):
            first, second = threading.Lock(), threading.Lock()

            def one():
                with first, second:
                    pass

            def other():
                with second, first:
                    pass

            thread_runner.run(one, other)

        @pytest.mark.stress_threads(workers=0, timeout=0.5)
        def test_event():
            threading.Event().wait()
        """
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*CH104 deadlock*", "*for Event.wait.*"])
    result.stdout.no_fnmatch_line("*did not end within*")


def test_a_queue_that_a_thread_outside_waits_in_is_not_put_back(run):
    result = run(
        """
        import queue
        import threading

        import pytest

        @pytest.fixture(scope="session")
        def server():
            requests = queue.Queue()

            def serve():
                while (event := requests.get()) is not None:
                    event.set()

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield requests
            requests.put(None)
            thread.join(5)
            assert not thread.is_alive()

        @pytest.mark.stress_threads(workers=2, schedules=30, max_seconds=2)
        @pytest.mark.parametrize("again", range(3))
        def test_reply(server, again):
            event = threading.Event()
            server.put(event)
            assert event.wait(5)
        """
    )
    result.assert_outcomes(passed=3)


def test_what_a_failed_test_leaves_in_a_call_does_not_slow_the_others_down(run):
    result = run(
        """
        import socket
        import threading
        import time

        import pytest

        @pytest.mark.stress_threads(workers=0)
        def test_leaves_a_thread():
            server = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=server.accept).start()
            raise ConnectionError("and nobody connects")

        @pytest.mark.stress_threads(schedules=50, max_seconds=5)
        def test_sleeps():
            time.sleep(3)
        """,
        "-v",
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*ConnectionError: and nobody connects"])
    result.stdout.no_fnmatch_line("*did not end within*")
    result.stdout.no_fnmatch_line("*cut short*")


def test_a_call_that_does_not_end_is_named(run):
    result = run(
        """
        import socket
        import threading

        import pytest

        @pytest.mark.stress_threads(workers=0, timeout=1)
        def test_leaves_a_thread():
            server = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=lambda: server.accept()).start()
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*did not end within 1 s: worker 0 is still in a call at *test_*.py:9 (worker 0 could not be ended*); raise timeout=*"
        ]
    )


SERVED = """
import time

import pytest

@pytest.mark.stress_threads
def test_sleep():
    time.sleep(100)
"""


def test_a_plugin_that_waits_for_connections_does_not_slow_tests_down(pytester, run):
    """As pytest-rerunfailures does for the workers of pytest-xdist."""
    pytester.makepyfile(
        served="""
        import socket, threading

        def pytest_configure():
            listener = socket.create_server(("localhost", 0))
            threading.Thread(target=listener.accept, daemon=True).start()
        """
    )
    pytester.syspathinsert()
    result = run(SERVED, "-p", "served")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*cut short*")


def test_time_is_real_beside_a_server_of_the_tests(run):
    """What it waits for may come from anywhere: another process that was asked to call back."""
    result = run(
        "import socket, threading\n"
        "listener = socket.create_server(('localhost', 0))\n"
        "threading.Thread(target=listener.accept, daemon=True).start()\n" + SERVED
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*cut short by max_seconds=5: * schedules were run"])
