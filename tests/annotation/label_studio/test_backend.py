"""The ML backend as a process of its own on loopback, and a Label Studio that is only pretended.

`tests/label_studio` has it beside a real one.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from PIL import Image

from annotation.label_studio.backend import MAX_BODY, MAX_TASKS
from annotation.label_studio.labelling_config import CONFIG
from annotation.label_studio.tasks import check_results, to_results
from annotation.region import Region
from annotation.store.store import Store
from spotter import load_spotter
from spotter.images import MAX_BYTES
from spotter.weights import checksum

ROOT = Path(__file__).resolve().parents[3]
TOKEN, PASSWORD = "a-token-that-nobody-may-see", "our-own-password"
SECONDS = 240  # other work may go on beside
BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0], [10.0, 30.0]]


@dataclass
class Pretended:
    """What a Label Studio answers, and what it was asked."""

    url: str = ""
    files: dict[str, bytes | str] = field(default_factory=dict)  # path -> content, or where it redirects to
    tasks: dict[int, dict] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # paths
    strangers: list[str] = field(default_factory=list)  # paths asked for without the token
    pause: float = 0.0  # before an answer of the API

    def answer(self, path: str) -> bytes | str | dict | None:
        if path in self.files:
            return self.files[path]
        if path.startswith("/api/"):
            time.sleep(self.pause)
        project = {"id": 3, "title": "p", "label_config": CONFIG, "task_number": len(self.tasks)}
        if path == "/api/version/":
            return {"release": "1.23.2"}
        if path == "/api/projects/":
            return {"count": 1, "next": None, "previous": None, "results": [project]}
        if path == "/api/projects/3/":
            return project
        if path == "/api/tasks/":
            return {"total": len(self.tasks), "tasks": list(self.tasks.values())}
        number = path.removeprefix("/api/tasks/").strip("/")
        return self.tasks.get(int(number)) if number.isdecimal() else None


@pytest.fixture(scope="module")
def label_studio() -> Iterator[Pretended]:
    pretended = Pretended()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            pretended.asked.append(path)
            if self.headers.get("Authorization") != f"Token {TOKEN}":
                pretended.strangers.append(path)
                return self.send_error(401)
            found = pretended.answer(path)
            if found is None:
                return self.send_error(404)
            if isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                return self.end_headers()
            body = json.dumps(found).encode() if isinstance(found, dict) else found
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if isinstance(found, dict) else "image/png")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pretended.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield pretended
    server.shutdown()
    server.server_close()


def photograph(seed: int) -> bytes:
    """A PNG of 256 x 192 pixels."""
    coarse = np.random.default_rng(seed).integers(0, 256, (16, 21, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(cv2.resize(coarse, (256, 192), interpolation=cv2.INTER_CUBIC)).save(out, "PNG")
    return out.getvalue()


@dataclass
class Backend:
    """The running process."""

    url: str
    database: str
    log: Path

    def ask(
        self, path: str, body: object = None, password: str = PASSWORD, **headers: str
    ) -> tuple[int, dict]:
        """Status and decoded answer; `body`: JSON unless it is bytes, None for a GET."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        login = base64.b64encode(f"label-studio:{password}".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"} | headers
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self.url + path, data, headers), timeout=SECONDS
            ) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def predict(self, *data: dict) -> list:
        tasks = [{"id": i, "data": one} for i, one in enumerate(data, start=1)]
        status, answer = self.ask("/predict", {"tasks": tasks, "label_config": CONFIG})
        assert status == 200
        return answer["results"]


@pytest.fixture(scope="module")
def backend(label_studio, tiny_file, tmp_path_factory) -> Iterator[Backend]:
    """`python -m annotation serve` on a free port, with a project "p" in its database."""
    folder = tmp_path_factory.mktemp("backend")
    database = f"sqlite:///{folder}/annotation.db"
    with Store(database) as store:
        store.add_image(store.project("p"), photograph(0), "known.png")
    listener = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = listener.server_address[1]
    listener.server_close()
    command = [sys.executable, "-m", "annotation", "serve", "--port", str(port), "--database", database]
    command += ["--server", label_studio.url, "--weights", str(tiny_file)]
    environment = os.environ | {"LABEL_STUDIO_API_KEY": TOKEN, "ML_BACKEND_TOKEN": PASSWORD}
    log = folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    running = Backend(f"http://127.0.0.1:{port}", database, log)
    try:
        wait_for(lambda: is_up(running, process), f"the backend:\n{log.read_text()}")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def is_up(backend: Backend, process: subprocess.Popen) -> bool:
    assert process.poll() is None, backend.log.read_text()
    try:
        return backend.ask("/health")[0] == 200
    except URLError:
        return False


def wait_for(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.fixture
def known(backend):
    """The image of the project, and its stored file."""
    with Store(backend.database) as store:
        image = store.image_list(store.find_project("p"))[0]
        return image, store.image_path(image)


def test_health_needs_no_login(backend):
    with urllib.request.urlopen(f"{backend.url}/health", timeout=SECONDS) as answer:
        assert json.load(answer)["status"] == "UP"


def test_setup_and_versions(backend, tiny_file):
    version = f"tiny-{checksum(tiny_file)[:8]}"
    assert backend.ask("/setup", {"project": "3.1", "schema": CONFIG}) == (200, {"model_version": version})
    assert backend.ask("/versions") == (200, {"versions": [version]})


@pytest.mark.parametrize("config", [None, "", "<View/>", "<View", CONFIG.replace("transcription", "words")])
def test_a_foreign_configuration(backend, config):
    status, answer = backend.ask("/setup", {"schema": config})
    assert status == 400
    assert answer["error"].endswith(".")


@pytest.mark.parametrize("path", ["/setup", "/predict"])
@pytest.mark.parametrize("password", ["", "wrong", "ä"])
def test_a_wrong_password(backend, path, password):
    assert backend.ask(path, {}, password)[0] == 401


def test_no_task(backend):
    assert backend.predict() == []


def test_words_are_those_of_the_spotter(backend, label_studio, known, tiny_file):
    """Of an image in the store, of one on the server and of one inside of the task, in this order."""
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
    assert "/data/upload/3/gone.png" not in label_studio.asked


def test_a_prediction_of_the_store_is_not_computed_again(backend, known):
    image, _ = known
    version = backend.ask("/versions")[1]["versions"][0]
    with Store(backend.database) as store:
        store.add_prediction(image.id, version, [Region(BOX, "kept", score=0.7, reading_score=0.6)])
    ((prediction),) = backend.predict({"image": "x", "sha256": image.sha256})
    assert [r["value"]["text"] for r in prediction["result"] if r["type"] == "textarea"] == [["kept"]]
    assert (prediction["model_version"], prediction["score"]) == (version, 0.7)


def test_images_come_from_the_server_alone(backend, label_studio):
    """What cannot be had gets no prediction, also not an empty one; the others get theirs."""
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
        "",
        "/data/upload/3/a.png",
    ]
    *refused, last = backend.predict(*({"image": address or " "} for address in addresses))
    assert refused == [[]] * len(refused)
    assert last["result"]
    assert "/api/secret.png" not in label_studio.asked
    assert label_studio.strangers == []
    assert "the only server from which images are downloaded" in backend.log.read_text()


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
        ({"tasks": [{"data": {"image": "a"}}] * (MAX_TASKS + 1), "label_config": CONFIG}, 413),
        (b" " * (MAX_BODY + 1), 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_requests_get_one_sentence(backend, body, status):
    found, answer = backend.ask("/predict", body)
    assert found == status
    assert answer["error"].endswith(".")
    assert backend.ask("/health")[0] == 200


def test_turned_photos_are_read_upright(backend, label_studio, picture, tiny_file):
    label_studio.files["/data/upload/3/turned.jpg"] = turned = picture(1, (300, 200), orientation=6)
    (found,) = backend.predict({"image": "/data/upload/3/turned.jpg"})
    assert {(r["original_width"], r["original_height"]) for r in found["result"]} == {(200, 300)}
    texts = [r["value"]["text"][0] for r in found["result"] if r["type"] == "textarea"]
    assert texts == [word.text for word in load_spotter(tiny_file, "cpu").spot(turned)]
    assert check_results(found["result"]) == []


def test_a_hash_that_is_none(backend, label_studio):
    label_studio.files["/data/upload/3/a.png"] = photograph(1)
    address = "/data/upload/3/a.png"
    found = backend.predict(*({"image": address, "sha256": sha256} for sha256 in ("\ud800", "a\0", 5)))
    assert all(one["result"] for one in found)


def test_nothing_else_is_served(backend):
    assert backend.ask("/")[0] == 404
    assert backend.ask("/predict")[0] == 405


def test_a_page_in_a_browser_cannot_send_webhooks(backend):
    """Forms have these types; for JSON a browser asks first, and gets no permission."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert backend.ask("/webhook", {}, **{"Content-Type": kind})[0] == 415


def annotated(known, text: str) -> dict:
    """A task as the server tells it, with an annotation that a person submitted."""
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


def test_a_correction_comes_in(backend, label_studio, known):
    """Answered before the server is asked, which alone is believed."""
    image, _ = known
    label_studio.tasks = {7: annotated(known, "Straße")}
    label_studio.pause = 2.0
    lie = {"id": 70, "task": 7, "result": [{"id": "r1", "type": "textarea", "value": {"text": ["a lie"]}}]}
    begin = time.monotonic()
    for action in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED"):
        status, answer = backend.ask("/webhook", {"action": action, "annotation": lie, "project": {"id": 3}})
        assert (status, answer) == (200, {"status": "queued"})
    assert time.monotonic() - begin < 2  # Label Studio itself waits for one second
    wait_for(lambda: texts(backend, image.id) == ["Straße"], "the correction")
    label_studio.pause = 0.0
    with Store(backend.database) as store:
        assert store.image(image.id).state == "done"
        assert store.history(image.id)[-1].who == "ann@example.org (Label Studio)"
        assert [name for _, name in store.projects()] == ["p"]


def test_training_brings_the_whole_project(backend, label_studio, known):
    image, _ = known
    label_studio.tasks = {7: annotated(known, "Ñandú 咖啡店")}
    assert backend.ask("/webhook", {"action": "START_TRAINING", "project": {"id": 3, "title": "p"}})[0] == 200
    wait_for(lambda: texts(backend, image.id) == ["Ñandú 咖啡店"], "the correction")
    assert label_studio.strangers == []


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
def test_other_webhooks_are_ignored(backend, label_studio, body):
    wait_for(lambda: is_quiet(label_studio), "the end of earlier corrections")
    before = len(label_studio.asked)
    assert backend.ask("/webhook", body) == (200, {"status": "ignored"})
    time.sleep(0.2)
    assert len(label_studio.asked) == before


def is_quiet(label_studio: Pretended) -> bool:
    before = len(label_studio.asked)
    time.sleep(0.5)
    return len(label_studio.asked) == before


def test_nobody_sees_the_token(backend):
    """Not in the log, not in the database."""
    said = backend.log.read_text()
    assert "for http://127.0.0.1" in said
    folder = backend.log.parent
    for path in [backend.log, *folder.glob("annotation.db*")]:
        for secret in (TOKEN, PASSWORD):
            assert secret.encode() not in path.read_bytes()
    assert "Traceback" not in said
