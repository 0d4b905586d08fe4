"""`/health` and `/version`."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from spotter.program import VERSION
from spotter.tabs.shared.health import health_routes
from spotter.tabs.shared.loading import Loader


def unreachable():
    raise OSError("password of the database")


@pytest.mark.parametrize(
    ("reach", "status", "text"), [(list, 200, "ok"), (unreachable, 503, "the database does not answer")]
)
def test_health(reach, status, text):
    client = TestClient(Starlette(routes=health_routes(Loader("nano"), reach)))
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (status, {"status": text})


def test_version():
    answer = TestClient(Starlette(routes=health_routes(Loader("nano"), list))).get("/version").json()
    assert answer["version"] == VERSION
    assert answer["model"]["name"] == "nano"
