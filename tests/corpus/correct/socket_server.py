"""A server of the standard library, clients on threads of their own, and an orderly end."""

import socket
import socketserver
import threading

import pytest


class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline().upper())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def ask(address, replies):
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(b"hello\n")
        replies.append(connection.makefile().readline())


@pytest.mark.stress_threads(workers=0, schedules=20)
def test_server():
    replies = []
    with Server(("127.0.0.1", 0), Upper) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        clients = [threading.Thread(target=ask, args=(server.server_address, replies)) for _ in range(2)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        server.shutdown()
        serving.join()
    assert replies == ["HELLO\n", "HELLO\n"]
