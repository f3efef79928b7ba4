"""The HTML report: one page that needs no network, for people. Drawn by the templates beside it, with Jinja2."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..files import write_atomically
from ..interpreter import gil_enabled
from . import page
from .places import named, told
from .replaying import command

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

NEEDS = "--concurrency-report=html needs Jinja2, which is not installed: pip install 'pytest-concurrency[html]'."


def check() -> None:
    """Raise UsageError where Jinja2 is missing: before the tests run, not after."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise pytest.UsageError(NEEDS) from None


def write(results: Sequence[dict[str, Any]], path: str | None, config: pytest.Config) -> None:
    """Write the page to ``path``, or to standard output where it is None."""
    text = render(results, str(config.rootpath.name), partial(command, config))
    if path is None:
        print(text)
    else:
        write_atomically(path, text)


def render(results: Sequence[Mapping[str, Any]], title: str, replay: Callable[[str, str], str]) -> str:
    """Return the page for ``results`` (test objects of the JSON report) of the project ``title``; ``replay`` gives the
    command for a test and a token."""
    check()
    template = _environment().get_template("report.html.j2")
    return template.render(
        title=title,
        python=platform.python_version(),
        gil=bool(gil_enabled()),
        system=f"{platform.system()} {platform.machine()}",
        summary=page.summary(results),
        groups=page.groups(results),
        tests=page.tests(results),
        replay=replay,
    )


def _breakable(text: str) -> Markup:
    """Return ``text`` escaped, with places at which a browser may break it."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(::|/|_|\[)", r"\1<wbr>", str(escape(text))))


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pytest_concurrency", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["named"] = named
    environment.globals.update(told=told, noun_of=page.noun_of)
    environment.filters.update(seconds=page.duration, sentence=page.sentence, breakable=_breakable)
    return environment
