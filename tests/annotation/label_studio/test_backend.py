"""The ML backend as a process of its own, and a fake Label Studio.

`tests/label_studio` tests it with a real one.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from anyio.from_thread import start_blocking_portal
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.testclient import TestClient

from annotation.label_studio import backend as backend_module
from annotation.label_studio.backend import MAX_BODY, MAX_TASKS, build_app
from annotation.label_studio.export_tasks import check_results, to_results
from annotation.label_studio.labelling_config import CONFIG
from annotation.region import Region
from annotation.store.store import Store
from spotter import load_spotter
from spotter.images import MAX_BYTES
from spotter.weights import checksum

SECONDS = 240  # the machine may be busy with other work
BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0], [10.0, 30.0]]


def test_health_needs_no_login(backend):
    with urllib.request.urlopen(f"{backend.url}/health", timeout=SECONDS) as answer:
        assert json.load(answer)["status"] == "UP"


def test_setup_and_versions(backend, tiny_file):
    version = f"tiny-{checksum(tiny_file)[:8]}"
    assert backend.request("/setup", {"project": "3.1", "schema": CONFIG}) == (
        200,
        {"model_version": version},
    )
    assert backend.request("/versions") == (200, {"versions": [version]})


@pytest.mark.parametrize("config", [None, "", "<View/>", "<View", CONFIG.replace("transcription", "words")])
def test_another_configuration_is_refused(backend, config):
    status, answer = backend.request("/setup", {"schema": config})
    assert status == 400
    assert answer["error"].endswith(".")


@pytest.mark.parametrize("path", ["/setup", "/predict"])
@pytest.mark.parametrize("password", ["", "wrong", "ä"])
def test_a_wrong_password_is_refused(backend, path, password):
    assert backend.request(path, {}, password)[0] == 401


def test_no_tasks(backend):
    assert backend.predict() == []


def test_predictions_are_those_of_the_spotter(backend, label_studio, known, tiny_file, photograph):
    """For an image in the store, one on the server and one inside the task, in this order."""
    image, path = known
    label_studio.files["/data/upload/3/a.png"] = photograph(1)
    embedded = "data:image/png;base64," + base64.b64encode(photograph(2)).decode()
    found = backend.predict(
        {"image": "/data/upload/3/gone.png", "sha256": image.sha256},
        {"image": "/data/upload/3/a.png"},
        {"image": embedded},
    )
    spotter = load_spotter(tiny_file, "cpu")
    for prediction, source in zip(found, (path, photograph(1), photograph(2)), strict=True):
        words = spotter.spot(Image.open(source if isinstance(source, Path) else io.BytesIO(source)))
        shapes = [result for result in prediction["result"] if result["type"] == "polygonlabels"]
        texts = {r["id"]: r["value"]["text"][0] for r in prediction["result"] if r["type"] == "textarea"}
        assert words
        assert [texts[shape["id"]] for shape in shapes] == [word.text for word in words]
        assert [shape["score"] for shape in shapes] == pytest.approx([word.score for word in words])
        for shape, word in zip(shapes, words, strict=True):
            points = np.array(shape["value"]["points"]) * (2.56, 1.92)
            np.testing.assert_allclose(points, word.polygon, atol=0.1)
        assert prediction["score"] == pytest.approx(np.mean([word.score for word in words]))
    assert "/data/upload/3/gone.png" not in label_studio.requested


def test_a_stored_prediction_is_returned(backend, known):
    image, _ = known
    version = backend.request("/versions")[1]["versions"][0]
    with Store(backend.database) as store:
        store.add_prediction(image.id, version, [Region(BOX, "kept", score=0.7, reading_score=0.6)])
    ((prediction),) = backend.predict({"image": "x", "sha256": image.sha256})
    assert [r["value"]["text"] for r in prediction["result"] if r["type"] == "textarea"] == [["kept"]]
    assert (prediction["model_version"], prediction["score"]) == (version, 0.7)


def test_images_come_from_the_server_only(backend, label_studio, photograph):
    """An unavailable image gets no prediction, not even an empty one; the others get theirs."""
    label_studio.files |= {
        "/data/upload/3/a.png": photograph(1),
        "/data/upload/3/text.png": b"no picture",
        "/data/upload/3/giant.png": bytes(MAX_BYTES + 1),
        "/data/upload/3/away.png": "http://127.0.0.1:1/a.png",
        "/data/upload/3/home.png": "/data/upload/3/a.png",
        "/api/secret.png": photograph(1),
    }
    addresses = [
        "/data/upload/3/text.png",
        "/data/upload/3/giant.png",
        "/data/upload/3/away.png",
        "/data/upload/3/home.png",
        "/data/upload/3/gone.png",
        "/api/secret.png",
        "/data/../api/secret.png",
        "http://127.0.0.1:1/data/a.png",
        f"{label_studio.url.replace('127.0.0.1', 'localhost')}/data/upload/3/a.png",
        f"{label_studio.url}@127.0.0.1:1/data/a.png",
        "file:///etc/hostname",
        "//127.0.0.1:1/data/a.png",
        "data:image/png;base64,!",
        "http://[::1",
        "http://127.0.0.1:99999/data/a.png",
        "",
        "/data/upload/3/a.png",
    ]
    *refused, last = backend.predict(*({"image": address or " "} for address in addresses))
    assert refused == [[]] * len(refused)
    assert last["result"]
    assert "/api/secret.png" not in label_studio.requested
    assert label_studio.unauthorized == []
    assert "the only server from which images are downloaded" in backend.log.read_text()


def test_a_bad_task_does_not_take_the_others_with_it(backend, label_studio, photograph):
    label_studio.files["/data/upload/3/a.png"] = photograph(1)
    good = {"id": 1, "data": {"image": "/data/upload/3/a.png"}}
    bad: list = [None, 5, {}, {"data": None}, {"data": {"image": 5}}, {"data": {"image": "a", "sha256": [1]}}]
    status, answer = backend.request("/predict", {"tasks": [*bad, good], "label_config": CONFIG})
    assert (status, answer["results"][:-1]) == (200, [[]] * len(bad))
    assert answer["results"][-1]["result"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        ({}, 400),
        ({"tasks": {}}, 400),
        ({"tasks": [{"id": 1}]}, 400),
        ({"tasks": [{"id": 1, "data": {"image": 5}}]}, 400),
        ({"tasks": [], "label_config": "<View/>"}, 400),
        (b'{"tasks": [], "label_config": "\\ud800"}', 400),
        ({"tasks": [{"data": {"image": "a"}}] * (MAX_TASKS + 1), "label_config": CONFIG}, 413),
        (b" " * (MAX_BODY + 1), 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_invalid_requests_get_one_sentence(backend, body, status):
    found, answer = backend.request("/predict", body)
    assert found == status
    assert answer["error"].endswith(".")
    assert backend.request("/health")[0] == 200


def test_rotated_photos_are_read_upright(backend, label_studio, picture, tiny_file):
    label_studio.files["/data/upload/3/turned.jpg"] = turned = picture(1, (300, 200), orientation=6)
    (found,) = backend.predict({"image": "/data/upload/3/turned.jpg"})
    assert {(r["original_width"], r["original_height"]) for r in found["result"]} == {(200, 300)}
    texts = [r["value"]["text"][0] for r in found["result"] if r["type"] == "textarea"]
    assert texts == [word.text for word in load_spotter(tiny_file, "cpu").spot(turned)]
    assert check_results(found["result"]) == []


def test_invalid_hashes(backend, label_studio, photograph):
    label_studio.files["/data/upload/3/a.png"] = photograph(1)
    address = "/data/upload/3/a.png"
    found = backend.predict(*({"image": address, "sha256": sha256} for sha256 in ("\ud800", "a\0", 5)))
    assert all(one["result"] for one in found)


def test_other_paths_and_methods_are_refused(backend):
    assert backend.request("/")[0] == 404
    assert backend.request("/predict")[0] == 405


@pytest.mark.parametrize(("given", "status"), [(None, 401), ("", 401), ("wrong", 401), ("right", 200)])
def test_a_webhook_needs_the_secret_if_there_is_one(given, status):
    client = TestClient(build_app(None, SimpleNamespace(start=int, stop=int), secret="right"))
    headers = {} if given is None else {"X-Webhook-Secret": given}
    assert client.post("/webhook", json={}, headers=headers).status_code == status


def test_a_body_must_come_in_time(monkeypatch):
    monkeypatch.setattr(backend_module, "BODY_SECONDS", 0.1)

    async def receive():
        await asyncio.sleep(60)

    headers = [(b"content-type", b"application/json")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    with start_blocking_portal() as portal, pytest.raises(HTTPException) as error:
        portal.call(backend_module._body, request)
    assert error.value.status_code == 408


def test_forms_of_a_web_page_cannot_send_webhooks(backend):
    """Forms have these types; a browser sends JSON only with permission."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert backend.request("/webhook", {}, **{"Content-Type": kind})[0] == 415


def annotated(known, text: str) -> dict:
    """A task of the server with an annotation that a person has submitted."""
    image, _ = known
    return {
        "id": 7,
        "project": 3,
        "data": {"image": "/data/upload/3/known.png", "sha256": image.sha256},
        "annotations": [
            {
                "id": 70,
                "result": to_results([Region(BOX, text, "r1")], image.width, image.height),
                "was_cancelled": False,
                "ground_truth": False,
                "lead_time": 12.5,
                "updated_at": "2026-11-20T10:00:00Z",
                "completed_by": 1,
                "created_username": "ann@example.org, 1",
            }
        ],
        "predictions": [],
        "drafts": [],
    }


def texts(backend, image_id: int) -> list[str]:
    with Store(backend.database) as store:
        return [region.text for region in store.regions(image_id)]


def test_a_correction_is_imported(backend, label_studio, known, wait_for):
    """The response does not wait for the server, whose answer counts, not the webhook's content."""
    image, _ = known
    label_studio.tasks = {7: annotated(known, "Straße")}
    label_studio.delay = 2.0
    false = {"id": 70, "task": 7, "result": [{"id": "r1", "type": "textarea", "value": {"text": ["false"]}}]}
    begin = time.monotonic()
    for action in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED"):
        status, answer = backend.request(
            "/webhook", {"action": action, "annotation": false, "project": {"id": 3}}
        )
        assert (status, answer) == (200, {"status": "queued"})
    assert time.monotonic() - begin < 2  # Label Studio itself waits for one second
    wait_for(lambda: texts(backend, image.id) == ["Straße"], "the correction")
    label_studio.delay = 0.0
    with Store(backend.database) as store:
        assert store.image(image.id).state == "done"
        assert store.history(image.id)[-1].who == "ann@example.org (Label Studio)"
        assert [name for _, name in store.projects()] == ["p"]


def test_training_imports_the_whole_project(backend, label_studio, known, wait_for):
    image, _ = known
    label_studio.tasks = {7: annotated(known, "Ñandú 咖啡店")}
    assert (
        backend.request("/webhook", {"action": "START_TRAINING", "project": {"id": 3, "title": "p"}})[0]
        == 200
    )
    wait_for(lambda: texts(backend, image.id) == ["Ñandú 咖啡店"], "the correction")
    assert label_studio.unauthorized == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "TASKS_CREATED", "tasks": [{"id": 7}], "project": {"id": 3}},
        {"action": "ANNOTATION_CREATED"},
        {"action": "ANNOTATION_CREATED", "annotation": {"task": "7"}},
        {"action": "ANNOTATION_CREATED", "annotation": {"task": 2**70}},
        {"action": "ANNOTATIONS_CREATED", "annotation": [None, {"task": -1}]},
        {"action": "START_TRAINING", "project": 3},
    ],
    ids=str,
)
def test_other_webhooks_are_ignored(backend, label_studio, body, wait_for):
    wait_for(lambda: is_quiet(label_studio), "the end of earlier corrections")
    before = len(label_studio.requested)
    assert backend.request("/webhook", body) == (200, {"status": "ignored"})
    time.sleep(0.2)
    assert len(label_studio.requested) == before


def is_quiet(label_studio) -> bool:
    before = len(label_studio.requested)
    time.sleep(0.5)
    return len(label_studio.requested) == before


def test_secrets_are_not_logged_or_stored(backend):
    log = backend.log.read_text()
    assert "for http://127.0.0.1" in log
    folder = backend.log.parent
    for path in [backend.log, *folder.glob("annotation.db*")]:
        for secret in ("a-token-that-nobody-may-see", "our-own-password"):
            assert secret.encode() not in path.read_bytes()
    assert "Traceback" not in log
