"""An echo server with greenlets. Shows CH307, a busy loop on a closed peer; mended: nothing.

``recv`` returns ``b""`` when the peer has closed the connection, and it will do so for ever. A loop that does not leave
then spins, and no other greenlet runs meanwhile. As it stands the server also waits for each client before it accepts
the next one: a warning, CH305. Skipped where gevent is not installed.
"""

import pytest

pytest.importorskip("gevent")

import socket

import gevent
import gevent.event


def handle_request(connection):
    try:
        while True:
            data = connection.recv(1024)
            connection.send(data)
            if not data:
                connection.shutdown(socket.SHUT_WR)
    except Exception as error:
        print(error)
    finally:
        connection.close()


def server(ready):
    listener = socket.create_server(("127.0.0.1", 0))
    ready.set(listener.getsockname())
    while True:
        connection, _ = listener.accept()
        gevent.spawn(handle_request, connection).join()


def handle_until_closed(connection):
    with connection:
        while data := connection.recv(1024):
            connection.sendall(data)


def server_mended(ready):
    listener = socket.create_server(("127.0.0.1", 0))
    ready.set(listener.getsockname())
    while True:
        connection, _ = listener.accept()
        gevent.spawn(handle_until_closed, connection)


def client(address):
    with socket.create_connection(address) as connection:
        connection.sendall(b"hello")
        assert connection.recv(1024) == b"hello"
        gevent.sleep(0.01)


def talk_to(serve):
    ready = gevent.event.AsyncResult()
    gevent.spawn(serve, ready)
    address = ready.get()
    gevent.joinall([gevent.spawn(client, address) for _ in range(4)], raise_error=True)


@pytest.mark.stress_greenlets(workers=0, repeats=2)
def test_as_it_stands():
    talk_to(server)


@pytest.mark.stress_greenlets(workers=0, repeats=2)
def test_mended():
    talk_to(server_mended)
