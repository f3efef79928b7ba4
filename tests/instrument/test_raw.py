"""The quick look at bytecode tells what :mod:`dis` tells."""

from __future__ import annotations

import argparse
import dataclasses
import dis
import inspect
import queue
import threading
import types

import pytest

from pytest_concurrency.instrument.callers import inner
from pytest_concurrency.instrument.raw import holds, instructions, slots_of

CODES = [
    code
    for module in (argparse, dataclasses, inspect, queue, threading)
    for each in compile(inspect.getsource(module), module.__file__, "exec").co_consts
    if isinstance(each, types.CodeType)
    for code in inner(each)
]
UNSEEN = {dis.opmap.get("CACHE", 0), dis.opmap["EXTENDED_ARG"]}


def test_instructions_and_their_arguments():
    extended = 0
    for code in CODES:
        told = [(i.opcode, i.arg) for i in dis.get_instructions(code) if i.opcode not in UNSEEN]
        seen = [(opcode, argument) for opcode, argument in instructions(code) if opcode not in UNSEEN]
        assert [opcode for opcode, _ in told] == [opcode for opcode, _ in seen]
        assert all(arg is None or arg == argument for (_, arg), (_, argument) in zip(told, seen, strict=True))
        extended += any(argument > 255 for _, argument in seen)
    assert extended  # the sources hold such instructions


@pytest.mark.parametrize("name", ["LOAD_DEREF", "STORE_DEREF", "LOAD_FAST", "STORE_FAST"])
def test_names_of_variables(name):
    pairs = {
        (slots_of(code)[i.arg], i.argval) for code in CODES for i in dis.get_instructions(code) if i.opname == name
    }
    assert pairs and all(ours == theirs for ours, theirs in pairs)


def test_what_is_held():
    store = frozenset({dis.opmap["STORE_ATTR"]})
    assert all(
        holds(code, store) == any(i.opname == "STORE_ATTR" for i in dis.get_instructions(code)) for code in CODES
    )
