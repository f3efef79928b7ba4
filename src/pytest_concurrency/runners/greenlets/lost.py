"""CH306: a greenlet died of an exception and nobody looked at it."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable, Iterator, Sequence

from ...hazards import help_text
from ...model import Finding, Location
from .callsite import syntax_of
from .lifecycle import Life
from .places import is_gevent_file, is_user_file

# Ways to learn of a greenlet's exception that leave nothing behind: where the code knows one of them it may
# have
# looked, and no finding is better than a wrong one.
_LOOKS = frozenset({"exc_info", "successful", "link", "link_exception", "rawlink", "link_value", "exception", "value"})


def lost_errors(
    lives: Sequence[Life], repeat: int, level: str, relative: Callable[[str], str], test: str = ""
) -> list[Finding]:
    """Return CH306 for each greenlet that the user's code spawned, that died of an error, and whose error was lost.
    ``test`` is the name of the test function."""
    findings = []
    for life in lives:
        error = life.greenlet.exception if life.greenlet.dead else None
        if life.left or not isinstance(error, Exception) or not is_user_file(life.site[0]):
            continue
        if was_fetched(error) or may_look(life.site[0], test):
            continue
        path, line = relative(life.site[0]), life.site[1]
        name = type(error).__name__
        message = f"{path}:{line}: the greenlet spawned here died of {name}: {error} and nobody looked at it"
        rows = [f"{message}.", "", *_raised(error, relative), help_text("CH306")]
        places = [Location(path, line, life.path, "spawned", life.function, f"{name}: {error}")]
        findings.append(Finding("CH306", message, "\n".join(rows), level, repeat, locations=tuple(places)))
    return findings


def was_fetched(error: BaseException) -> bool:
    """Return whether the exception of a dead greenlet was raised again for somebody, as get() and joinall() do.

    Raising it again puts the frames of whoever asked in front of the greenlet's own.
    """
    trace = error.__traceback__
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    return not (is_gevent_file(code.co_filename) and code.co_name.rpartition(".")[2] == "run")


def may_look(path: str, test: str = "") -> bool:
    """Return whether the source in ``path`` looks at the outcome of greenlets in a way that leaves no trace. Test
    functions other than ``test`` do not run now, unless something names them."""
    tree = syntax_of(path)
    if tree is None:
        return True
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in _without_other_tests(tree, test):
        if isinstance(node, ast.Attribute) and node.attr in _LOOKS:
            if node.attr == "exception" and id(node) in called:
                continue  # logging's, not a greenlet's
            return True
    return False


def _without_other_tests(tree: ast.Module, test: str) -> Iterator[ast.AST]:
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            if test and node.name != test and node.name not in named:
                continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _raised(error: BaseException, relative: Callable[[str], str]) -> list[str]:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not is_gevent_file(f.filename)]
    return [f"    {relative(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]
