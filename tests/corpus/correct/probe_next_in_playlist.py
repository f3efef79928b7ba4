"""A reader works on a list that nobody changes: writers replace it."""


class Playlist:
    def __init__(self, *songs):
        self.songs = list(songs)

    def after(self, song):
        songs = self.songs
        index = songs.index(song)
        return songs[index + 1] if index + 1 < len(songs) else None

    def remove(self, song):
        self.songs = [other for other in self.songs if other != song]


def test_after(thread_runner):
    playlist = Playlist("a", "b")
    following, _ = thread_runner.run(lambda: playlist.after("a"), lambda: playlist.remove("b"))
    assert following in ("b", None)
