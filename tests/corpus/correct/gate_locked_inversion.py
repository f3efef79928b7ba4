"""An AB/BA inversion that a gate lock makes harmless."""

import threading

gate = threading.Lock()
left = threading.Lock()
right = threading.Lock()


def forward(log):
    with gate:
        with left:
            with right:
                log.append("forward")


def backward(log):
    with gate:
        with right:
            with left:
                log.append("backward")


def test_gate(thread_runner):
    log = []
    thread_runner.run(lambda: forward(log), lambda: backward(log))
    assert sorted(log) == ["backward", "forward"]
