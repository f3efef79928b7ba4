"""``--stress-threads N``: every test of a suite as if it were marked, without one word about it that is not true.

The tests of such a suite were not written to be run beside themselves. What follows from that is here: which tests run
on one worker and why (:mod:`.rules`, :mod:`.scan`), fixtures of its own for each worker (:mod:`.per_worker`), what is
the test's own doing and no fault of the code under test (:mod:`.blame`, :mod:`.boundaries`), and how a budget is shared
(:mod:`.budget`).
"""
