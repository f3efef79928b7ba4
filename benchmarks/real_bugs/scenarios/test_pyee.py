"""pyee 7.0.4, issue 76: an event emitted twice at once calls a "once" listener twice, or fails to remove it."""

import pyee
import pytest


@pytest.mark.stress_threads(include=("pyee",))
def test_once_is_once(thread_runner):
    emitter = pyee.BaseEventEmitter()
    calls = []
    emitter.once("ready", calls.append)
    thread_runner.run(lambda: emitter.emit("ready", 1), workers=2)
    assert calls == [1]
