"""The command that replays a failure, to be pasted into a shell where pytest was started."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence

import pytest

VALUED = (
    "-c", "--config-file", "--rootdir", "--confcutdir", "-p", "--import-mode", "-o", "--override-ini",
    "--stress-threads", "--parallel-threads", "--concurrency-include", "--concurrency-fixtures",
)  # fmt: skip
FLAGS = ("--noconftest", "--concurrency-explore-timeouts")


def command(config: pytest.Config, nodeid: str, word: str) -> str:
    """Return the command that runs the test ``nodeid`` under the schedule of the token ``word``.

    It has the options of the command line that decide where pytest looks for the test and how the test is run; that a
    plugin was left out is not among them.
    """
    given = getattr(config, "workerinput", {}).get("mainargv", ())[1:] or config.invocation_params.args
    carried = list(_carried([str(argument) for argument in given]))
    root, start = config.rootpath, config.invocation_params.dir
    if root != start and config.inipath is None and not any(part.startswith("--rootdir") for part in carried):
        carried.append(f"--rootdir={os.path.relpath(root, start)}")  # else it would be guessed from the test's path
    path, colons, rest = nodeid.partition("::")
    path = path if root == start else os.path.relpath(root / path, start).replace(os.sep, "/")
    parts = ["pytest", _quoted(path + colons + rest), *map(shlex.quote, carried), f"--concurrency-replay={word}"]
    return " ".join(parts)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _carried(arguments: Sequence[str]) -> Iterator[str]:
    """Yield of the command line's ``arguments`` those that a replay needs, too."""
    following = iter(arguments)
    for argument in following:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            return
        if argument in VALUED:
            value = next(following, "")
            if value and not (argument == "-p" and value.startswith("no:")):
                yield from (argument, value)
        elif argument in FLAGS or (equals and name in VALUED) or argument[:2] in ("-p", "-o", "-c"):
            if not argument.startswith("-pno:"):
                yield argument
