"""This plugin: an ordinary test."""

import functools
import os

from peers.programs import chosen

PROGRAM = chosen(os.environ["PEERS_PROGRAM"])


def test_program(thread_runner):
    state = PROGRAM.setup()
    thread_runner.run(*[functools.partial(worker, state) for worker in PROGRAM.workers])
    assert PROGRAM.holds(state)
