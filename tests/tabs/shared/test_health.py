"""`/health` and `/version`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.testclient import TestClient

from spotter.program import VERSION
from spotter.tabs.shared.health import health_routes
from spotter.tabs.shared.loading import Loader


def unreachable():
    raise OSError("password of the database")


def test_health():
    loader = Loader("nano")
    client = TestClient(Starlette(routes=health_routes(loader, list)))
    assert client.get("/health").json() == {"status": "ok", "spotter_loaded": False}
    loader.spotter()
    assert client.get("/health").json() == {"status": "ok", "spotter_loaded": True}


def test_health_without_the_database():
    answer = TestClient(Starlette(routes=health_routes(Loader("nano"), unreachable))).get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "the database does not answer"})


def test_version():
    answer = TestClient(Starlette(routes=health_routes(Loader("nano"), list))).get("/version").json()
    assert answer["version"] == VERSION
    assert answer["model"]["name"] == "nano"
