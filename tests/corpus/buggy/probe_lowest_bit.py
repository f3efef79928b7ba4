"""Channels are the bits of a number: the lowest one is found, then switched off."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}

free_channels = 0b1111


def allocate():
    global free_channels
    lowest = free_channels & -free_channels  # BUG
    free_channels ^= lowest  # BUG
    return lowest


def test_channels(thread_runner):
    global free_channels
    free_channels = 0b1111
    assert sorted(thread_runner.run(allocate, workers=2)) == [1, 2]
