"""What holds for one piece of work only is a context variable."""

import contextlib
import contextvars

currency = contextvars.ContextVar("currency", default="EUR")


@contextlib.contextmanager
def in_currency(value):
    token = currency.set(value)
    try:
        yield
    finally:
        currency.reset(token)


def render(language):
    return currency.get() + " " + language


def render_in_dollars(language):
    with in_currency("USD"):
        return render(language)


def test_currency(thread_runner):
    first, second = thread_runner.run(lambda: render_in_dollars("en"), lambda: render("de"))
    assert (first, second) == ("USD en", "EUR de")
