"""Votes are tallied in a defaultdict."""

from collections import defaultdict

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def test_votes(thread_runner):
    votes = defaultdict(int)

    def cast(ballots):
        for name in ballots:
            votes[name] += 1  # BUG

    thread_runner.run(lambda: cast(["ann", "bob"]), lambda: cast(["bob"]))
    assert dict(votes) == {"ann": 1, "bob": 2}
