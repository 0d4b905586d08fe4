"""Limits of uploads and other requests."""

from __future__ import annotations

import inspect

import gradio as gr
import pytest
from gradio import routes
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from spotter.tabs.shared import upload_limits
from spotter.tabs.shared.upload_limits import CLOSED, HOUR, MAX_BODY, MEASURED_SECONDS, UploadLimits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(tmp_path, clock):
    app = Starlette(
        routes=[
            Route(path, lambda request: PlainTextResponse("taken"), methods=["GET", "POST"])
            for path in ("/gradio_api/upload", "/gradio_api/queue/join")
        ]
    )
    return TestClient(UploadLimits(app, [tmp_path], clock))


def upload(client, count: int):
    return client.post("/gradio_api/upload", content=b"a" * count)


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_uploads_are_taken(client, count):
    assert upload(client, count).text == "taken"


@pytest.mark.parametrize("name", CLOSED)
def test_what_the_page_does_not_need_is_closed(tmp_path, name):
    assert f'{name}"' in inspect.getsource(routes), "has it another name now?"
    client = TestClient(UploadLimits(routes.App.create_app(gr.Blocks()), [tmp_path]))
    for path in (f"/gradio_api{name}", f"/gradio_api{name}/"):
        for method in ("GET", "POST"):
            answer = client.request(method, path, params={"session_hash": "a"})
            assert (answer.status_code, answer.text) == (404, "This is not offered here.")


def test_the_folder_has_a_size(client, clock, tmp_path, monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_FOLDER", 100)
    (tmp_path / "file").write_bytes(b"a" * 50)
    assert upload(client, 40).status_code == 200
    answer = upload(client, 40)  # counted although it is not in the folder yet
    assert (answer.status_code, answer.text) == (
        507,
        "There is no room for more uploads now; try again tomorrow.",
    )
    clock.now += MEASURED_SECONDS + 1
    assert upload(client, 40).status_code == 200


def test_some_of_the_disk_stays_free(client, monkeypatch):
    monkeypatch.setattr(upload_limits, "MIN_FREE", 2**60)
    assert upload(client, 1).status_code == 507


def test_an_address_has_a_share_of_each_hour(client, clock, monkeypatch):
    monkeypatch.setattr(upload_limits, "PER_ADDRESS", 100)
    assert upload(client, 60).status_code == 200
    assert upload(client, 60).status_code == 429
    assert upload(client, 30).status_code == 200
    clock.now += HOUR + 1
    assert upload(client, 60).status_code == 200


def test_this_machine_has_none(client, monkeypatch):
    monkeypatch.setattr(upload_limits, "PER_ADDRESS", 100)
    monkeypatch.setattr(upload_limits, "network_of", lambda connection: "127.0.0.1")
    assert [upload(client, 60).status_code for _ in range(3)] == [200] * 3


def test_other_requests_are_limited(client):
    path = "/gradio_api/queue/join"
    assert client.post(path, content=b"a" * 1000).text == "taken"
    assert client.post(path).text == "taken"
    assert client.get(path).text == "taken"
    answer = client.post(path, content=b"", headers={"content-length": str(MAX_BODY + 1)})
    assert (answer.status_code, answer.text) == (413, "The request is larger than 32 MB.")


def test_a_request_that_hides_its_length_is_refused(client):
    for path in ("/gradio_api/queue/join", "/gradio_api/upload"):
        assert client.post(path, content=iter([b"a"])).status_code == 411
