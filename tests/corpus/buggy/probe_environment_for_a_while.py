"""An environment variable is set for one piece of work; another worker sees it."""

import contextlib
import os

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


@contextlib.contextmanager
def environment(name, value):
    os.environ[name] = value  # BUG
    try:
        yield
    finally:
        del os.environ[name]  # BUG


def render(language):
    return os.environ.get("SHOP_CURRENCY", "EUR") + " " + language  # BUG


def render_in_dollars(language):
    with environment("SHOP_CURRENCY", "USD"):
        return render(language)


def test_currency(thread_runner):
    first, second = thread_runner.run(lambda: render_in_dollars("en"), lambda: render("de"))
    assert (first, second) == ("USD en", "EUR de")
