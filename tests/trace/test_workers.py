"""Workers by their paths."""

import random

from pytest_concurrency.trace.workers import TEST, in_a_sentence, in_order


def test_workers_come_in_the_order_of_their_creation_and_the_test_first():
    wanted = [TEST, "0", "0.1", "0.10", "1", "2", "10"]
    mixed = random.Random(5).sample(wanted, len(wanted))
    assert sorted(mixed, key=in_order) == wanted


def test_a_sentence_speaks_of_the_test_and_of_workers():
    assert [in_a_sentence(worker) for worker in (TEST, "0.1")] == ["the test", "worker 0.1"]
