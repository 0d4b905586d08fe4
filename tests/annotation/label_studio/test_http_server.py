"""Connections that only wait are closed."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from annotation.label_studio import http_server
from annotation.label_studio.http_server import MAX_CONNECTIONS, serve
from annotation.region import AnnotationError


@pytest.fixture
def port(monkeypatch) -> int:
    monkeypatch.setattr(http_server, "HEADER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("answer"))])
    threading.Thread(target=serve, args=(app, "127.0.0.1", port), daemon=True).start()
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
            return port
        except httpx.ConnectError:
            time.sleep(0.1)
    pytest.fail("it does not start")


def wait_for_end(connection: socket.socket) -> bytes:
    connection.settimeout(60)
    data = b""
    while part := connection.recv(1000):
        data += part
    return data


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_request_that_is_never_complete_is_closed(port, sent):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        assert wait_for_end(connection) == b""


def test_so_is_a_second_one(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while b"answer" not in connection.recv(1000):
            pass
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert wait_for_end(connection) == b""


def test_many_half_sent_requests_stop_others_for_a_moment_only(port):
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(MAX_CONNECTIONS + 6)]
    for connection in waiting:
        connection.sendall(b"POST /predict HTTP/1.1\r\n")
    for connection in waiting:
        wait_for_end(connection)
        connection.close()
    assert httpx.get(f"http://127.0.0.1:{port}/").text == "answer"


def test_a_port_in_use_is_one_sentence(port):
    with pytest.raises(AnnotationError, match="cannot be used"):
        serve(Starlette(), "127.0.0.1", port)
