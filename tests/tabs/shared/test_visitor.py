"""Addresses of visitors."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from gradio.context import LocalContext
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from spotter.tabs.shared import visitor
from spotter.tabs.shared.visitor import LOGIN, HeaderGuard, login_name, name_people_by, network_of


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_an_address_and_the_network_of_ipv6(host, network):
    client = None if host is None else (host, 5000)
    assert network_of(HTTPConnection({"type": "http", "client": client})) == network


@pytest.fixture
def request_of(monkeypatch):
    monkeypatch.setattr(visitor, "_source", "")
    tokens = []

    def answer(username: str | None, **headers: str) -> None:
        request = SimpleNamespace(username=username, headers=headers)
        tokens.append(LocalContext.request.set(request))

    yield answer
    for token in reversed(tokens):
        LocalContext.request.reset(token)


@pytest.mark.parametrize(("source", "name"), [("", ""), (LOGIN, "ann"), ("X-User", "bob"), ("X-Other", "")])
def test_where_the_name_comes_from(request_of, source, name):
    request_of("ann", **{"x-user": "bob"})
    name_people_by(source)
    assert login_name() == name


def test_without_a_request_or_a_login_there_is_no_name(request_of):
    name_people_by(LOGIN)
    assert login_name() == ""
    request_of(None)
    assert login_name() == ""


def test_what_passes_by_the_proxy_is_refused():
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("page"))])
    client = TestClient(HeaderGuard(app, "X-User"))
    assert client.get("/", headers={"x-user": "ann"}).text == "page"
    for headers in ({}, {"x-user": " "}):
        answer = client.get("/", headers=headers)
        assert (answer.status_code, answer.text) == (
            401,
            "This page is reached through its proxy, after a login there.",
        )
