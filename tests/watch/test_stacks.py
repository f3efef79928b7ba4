"""The stacks of child processes, as they are told."""

from __future__ import annotations

from pathlib import Path

from pytest_concurrency.source import PACKAGE
from pytest_concurrency.watch.stacks import trim

OURS = str(Path(PACKAGE))


def dump(*frames: str) -> str:
    return "Current thread 0x1 (most recent call first):\n" + "".join(f'  File "{f}\n' for f in frames)


def test_a_wrapper_in_the_middle_of_a_stack_hides_nothing_but_itself() -> None:
    text = dump(
        '/lib/connection.py", line 395 in _recv',
        f'{OURS}/watch/hook_process.py", line 182 in receive_',
        '/lib/connection.py", line 430 in _recv_bytes',
        '/home/test_it.py", line 8 in reader',
        f'{OURS}/watch/probe.py", line 137 in watched',
        '/lib/process.py", line 313 in _bootstrap',
    )
    assert trim(text) == dump(
        '/lib/connection.py", line 395 in _recv',
        '/lib/connection.py", line 430 in _recv_bytes',
        '/home/test_it.py", line 8 in reader',
    )


def test_what_lies_outside_of_the_start_of_a_process_is_the_parent_s() -> None:
    text = dump(
        '/lib/pool.py", line 114 in worker',
        f'{OURS}/watch/hook_process.py", line 83 in start',
        '/home/test_it.py", line 13 in test_it',
    )
    assert trim(text) == dump('/lib/pool.py", line 114 in worker')
