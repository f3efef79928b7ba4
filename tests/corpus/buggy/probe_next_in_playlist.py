"""A conditional expression asks for the length, then takes an item that is gone."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Playlist:
    def __init__(self, *songs):
        self.songs = list(songs)

    def after(self, song):
        index = self.songs.index(song)  # BUG
        return self.songs[index + 1] if index + 1 < len(self.songs) else None  # BUG

    def remove(self, song):
        self.songs.remove(song)  # BUG


def test_after(thread_runner):
    playlist = Playlist("a", "b")
    following, _ = thread_runner.run(lambda: playlist.after("a"), lambda: playlist.remove("b"))
    assert following in ("b", None)
