"""Several workers store the same constant; the last one wins and it does not matter."""


class Server:
    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


def test_close(thread_runner):
    server = Server()
    thread_runner.run(server.close, server.close, server.close)
    assert server.closed is True
