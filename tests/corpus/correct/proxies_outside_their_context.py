"""Proxies of a module and a class that raise whatever they are asked, as Flask's ``request`` does without a request."""

import threading

import pytest


class Proxy:
    """Stands for what the thread has at hand; every question is one to that."""

    _local = threading.local()

    def _current(self, *_):
        try:
            return object.__getattribute__(self, "_local").value
        except AttributeError:
            raise RuntimeError("working outside of a context") from None

    def __getattribute__(self, name):
        return getattr(Proxy._current(self), name)

    def __setattr__(self, name, value):
        setattr(Proxy._current(self), name, value)

    __class__ = property(_current)
    __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __repr__ = __call__ = _current


class Request:
    def __init__(self, path):
        self.path = path
        self.answers = 0


request = Proxy()


class View:
    source = request
    handled = 0
    lock = threading.Lock()

    @classmethod
    def handle(cls, path):
        Proxy._local.value = Request(path)
        cls.source.answers += 1
        answer = cls.answer()
        with cls.lock:
            cls.handled += 1
        del Proxy._local.value
        return answer

    @classmethod
    def answer(cls, of=request):
        return f"{of.path}: {cls.source.answers}"


def test_each_worker_has_its_own(thread_runner):
    assert thread_runner.map(View.handle, ["/a", "/b"]) == ["/a: 1", "/b: 1"]
    assert View.handled == 2
    with pytest.raises(RuntimeError):
        request.path
