"""The first code that runs in a worker process. Nothing is imported before gevent has patched (``patch="early"``)."""

from __future__ import annotations

import os
import sys


def main(incoming: int, outgoing: int) -> None:
    """Run the worker process on its two pipe ends; the exit status is of no interest to pytest's process."""
    import pickle

    from pytest_concurrency.runners.greenlets.channel import Channel

    channel = Channel(incoming, outgoing)
    name, data = channel.receive()
    # Unpickling the instructions imports pytest; what decides whether to patch first travels beside them.
    patch = name.partition(":")[2]
    if patch == "early":
        from gevent import monkey

        monkey.patch_all()
    _run(channel, pickle.loads(data))


def _run(channel: object, handover: object) -> None:
    import faulthandler
    import signal

    from pytest_concurrency.runners.greenlets.channel import Channel
    from pytest_concurrency.runners.greenlets.handover import Handover

    assert isinstance(channel, Channel)
    assert isinstance(handover, Handover)
    stacks = open(handover.crash_file, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
    faulthandler.register(signal.SIGUSR2, file=stacks, all_threads=True)
    measuring = _start_coverage(handover)
    try:
        from pytest_concurrency.runners.greenlets.worker import run_session

        run_session(channel, handover)
    except BaseException:
        import traceback

        channel.send("failed", traceback.format_exc())
    finally:
        if measuring is not None:
            measuring.stop()  # type: ignore[attr-defined]
            measuring.save()  # type: ignore[attr-defined]
        faulthandler.unregister(signal.SIGUSR2)
        stacks.close()
        try:
            channel.send("finished")
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            # Greenlets and threads that the tests left running must not keep the process, nor must a test run that
            # has gone and reads no more.
            os._exit(0)


def _start_coverage(handover: object) -> object | None:
    arguments = handover.coverage  # type: ignore[attr-defined]
    if arguments is None:
        return None
    import coverage

    measuring = coverage.Coverage(**arguments, concurrency=["thread", "gevent"], messages=False)
    measuring.start()
    return measuring
