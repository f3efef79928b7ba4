"""A thread says that it is ready before it has made its event loop: whoever comes at once finds none.

The test then fails, and nothing stops the loop any more, which waits in a call of C.
"""

import asyncio
import threading

import pytest

EXPECT = {"codes": ["CH110"]}


class LoopThread:
    def __init__(self):
        self._loop = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        self._ready.set()  # BUG
        self._loop = asyncio.new_event_loop()  # BUG
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def start(self):
        self._thread.start()
        self._ready.wait()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def double(number):
    return number * 2


@pytest.mark.stress_threads(workers=0)
def test_a_loop_in_a_thread():
    bridge = LoopThread()
    bridge.start()
    assert bridge.call(double(2)) == 4
    bridge.stop()
