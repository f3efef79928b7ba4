"""A worker that blocks in C goes on in real time: the virtual clock may not run away from it, nor may it keep pytest
from ending."""

from __future__ import annotations

import pytest


@pytest.fixture
def run(pytester):
    def run(source: str, *options: str):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", *options, timeout=60)

    return run


def test_a_timed_wait_for_a_worker_in_c_does_not_time_out_at_once(run):
    result = run(
        """
        import socket
        import threading

        import pytest

        @pytest.mark.stress_threads(workers=0, schedules=20, max_seconds=2)
        def test_reply():
            here, there = socket.socketpair()
            replied = threading.Event()

            def receive():
                there.recv(1)
                replied.set()

            thread = threading.Thread(target=receive)
            thread.start()
            here.send(b"x")
            assert replied.wait(5)
            thread.join()
            here.close()
            there.close()
        """
    )
    result.assert_outcomes(passed=1)


def test_a_coroutine_handed_to_a_loop_in_another_thread(run):
    result = run(
        """
        import asyncio
        import threading

        import pytest

        async def add(a, b):
            await asyncio.sleep(0.001)
            return a + b

        @pytest.mark.stress_threads(workers=0, schedules=20, max_seconds=2)
        def test_loop():
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever)
            thread.start()
            futures = [asyncio.run_coroutine_threadsafe(add(i, 1), loop) for i in range(2)]
            assert [future.result(5) for future in futures] == [1, 2]
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
        """
    )
    result.assert_outcomes(passed=1)


def test_polling_for_a_worker_in_c_is_no_livelock(run):
    result = run(
        """
        import subprocess
        import sys
        import threading
        import time

        import pytest

        @pytest.mark.stress_threads(workers=0, schedules=3, max_seconds=2)
        def test_child():
            child = [sys.executable, "-c", "import time; time.sleep(.5)"]
            thread = threading.Thread(target=subprocess.call, args=(child,))
            thread.start()
            for _ in range(100_000):
                if not thread.is_alive():
                    break
                time.sleep(0.0001)
            else:
                raise AssertionError("asked too often")
            thread.join()
        """
    )
    result.assert_outcomes(passed=1)


def test_a_thread_left_in_c_does_not_keep_pytest_from_ending(run):
    result = run(
        """
        import socket
        import threading
        from concurrent.futures import ThreadPoolExecutor

        import pytest

        pairs = []

        def endless():
            pairs.append(socket.socketpair())
            return pairs[-1][0].recv

        @pytest.mark.stress_threads(workers=0, timeout=1)
        def test_thread():
            threading.Thread(target=endless(), args=(1,)).start()

        @pytest.mark.stress_threads(workers=0, timeout=1)
        def test_executor():
            ThreadPoolExecutor(1).submit(endless(), 1)
        """
    )
    assert result.ret == 1
    assert "2 failed" in result.stdout.str()


def test_a_thread_from_before_may_have_any_name(run):
    """It answers the workers from outside the run: to wait for it is no deadlock, whatever it is called."""
    result = run(
        """
        import os
        import threading
        import time

        import pytest

        @pytest.fixture(scope="session")
        def server():
            asked, answered = os.pipe(), os.pipe()

            def serve():
                while os.read(asked[0], 1) == b"q":
                    time.sleep(0.05)
                    os.write(answered[1], b"a")
                    done.release()

            done = threading.Semaphore(0)
            thread = threading.Thread(target=serve, name="stress-server", daemon=True)
            thread.start()
            yield lambda: (os.write(asked[1], b"q"), done.acquire())
            os.write(asked[1], b"x")

        @pytest.mark.stress_threads(schedules=3, max_seconds=5)
        def test_answers(server):
            server()
        """
    )
    result.assert_outcomes(passed=1)


def test_a_worker_that_blocks_in_c_at_its_end_does_not_hold_up_a_run_that_is_given_up(run):
    result = run(
        """
        import os
        import threading

        def test_deadlock(thread_runner):
            event = threading.Event()
            reading, writing = os.pipe()

            def wait():
                try:
                    event.wait()
                finally:
                    os.read(reading, 1)

            try:
                thread_runner.run(lambda: None, wait)
            finally:
                os.close(writing)
                os.close(reading)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["CH104 deadlock", "Cause: A worker waits for an event that nobody is left to set."])


def test_a_worker_that_swallows_its_end_and_blocks_in_c_does_not_hold_up_the_run(run):
    result = run(
        """
        import os
        import threading

        def test_deadlock(thread_runner):
            a, b = threading.Lock(), threading.Lock()
            reading, writing = os.pipe()

            def take(first, second):
                try:
                    with first, second:
                        pass
                except BaseException:
                    os.read(reading, 1)

            try:
                thread_runner.run(lambda: take(a, b), lambda: take(b, a))
            finally:
                os.close(writing)
                os.close(reading)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["CH104 deadlock"])
