"""Request and reply: each side waits for the other to speak first."""

import queue

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}


def test_dialogue(thread_runner):
    to_server, to_client = queue.Queue(), queue.Queue()

    def server():
        request = to_server.get()  # BUG
        to_client.put(request.upper())

    def client():
        greeting = to_client.get()  # BUG
        to_server.put("hello")
        return greeting

    thread_runner.run(server, client)
