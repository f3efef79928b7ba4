"""hasattr, then the attribute: it is deleted in between."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Player:
    pass


def current_song(player):
    if hasattr(player, "song"):  # BUG
        return player.song  # BUG
    return "silence"


def eject(player):
    del player.song  # BUG


def test_player(thread_runner):
    player = Player()
    player.song = "blue"
    seen, _ = thread_runner.run(lambda: current_song(player), lambda: eject(player))
    assert seen in ("blue", "silence")
