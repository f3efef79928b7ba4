"""getattr with a default."""


class Player:
    pass


def current_song(player):
    return getattr(player, "song", "silence")


def eject(player):
    del player.song


def test_player(thread_runner):
    player = Player()
    player.song = "blue"
    seen, _ = thread_runner.run(lambda: current_song(player), lambda: eject(player))
    assert seen in ("blue", "silence")
