"""Clocks and sleeps that code was handed before the test ran: default arguments, dataclass fields, attributes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest


class TokenBucket:
    def __init__(self, rate, clock=time.monotonic):
        self.rate = rate
        self.clock = clock
        self.tokens = 1.0
        self.stamp = clock()
        self.changed = threading.Condition()

    def acquire(self):
        with self.changed:
            while True:
                now = self.clock()
                self.tokens = min(1.0, self.tokens + (now - self.stamp) * self.rate)
                self.stamp = now
                if self.tokens >= 1:
                    self.tokens -= 1
                    return
                self.changed.wait((1 - self.tokens) / self.rate)


@dataclass
class Window:
    period: float
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    hits: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acquire(self):
        while True:
            with self.lock:
                t = self.now()
                self.hits = [hit for hit in self.hits if t - hit < self.period]
                if not self.hits:
                    self.hits.append(t)
                    return t
                wait = self.period - (t - self.hits[0])
            self.pause(wait)


class Stopwatch:
    clock = staticmethod(time.perf_counter)
    nap = time.sleep  # a function of C: no method

    def __init__(self):
        self.begun = self.clock()

    def rest(self, seconds):
        self.nap(seconds)

    def elapsed(self):
        return self.clock() - self.begun


def retry(function, *, sleep=time.sleep):
    for pause in (30, 60, 120):
        try:
            return function()
        except ConnectionError:
            sleep(pause)
    return function()


of_module = TokenBucket(1 / 3600)


def test_rate(thread_runner):
    begun = time.monotonic()
    bucket = TokenBucket(1 / 60)
    thread_runner.run(bucket.acquire, bucket.acquire, bucket.acquire)
    assert time.monotonic() - begun >= 119


def test_rate_of_module(thread_runner):
    begun = time.monotonic()
    thread_runner.run(of_module.acquire, of_module.acquire)
    assert time.monotonic() - begun >= 3590


def test_window(thread_runner):
    window = Window(60)
    first, second = sorted(thread_runner.run(window.acquire, window.acquire))
    assert second - first >= 60


def test_stopwatch(thread_runner):
    watch = Stopwatch()
    thread_runner.run(lambda: watch.rest(50), lambda: time.sleep(30))
    assert 50 <= watch.elapsed() < 51


@pytest.mark.stress_threads
def test_retry():
    left = [1, 2]

    def flaky():
        if left:
            left.pop()
            raise ConnectionError
        return "ok"

    assert retry(flaky) == "ok"
