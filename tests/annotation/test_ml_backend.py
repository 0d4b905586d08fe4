"""The ML backend as a process of its own, with a server on loopback in the place of Label Studio."""

from __future__ import annotations

import base64
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from annotation.collector import MAX_WAITING, Collector
from annotation.ml_backend import MAX_BODY, MAX_TASKS
from annotation.predictions import model_version
from annotation.server import Server, ServerError
from annotation.store import Store
from annotation.task import CONFIG, check_results, to_results
from spotter import load_spotter

ROOT = Path(__file__).resolve().parents[2]
TOKEN, PASSWORD = "0123456789-secret", "pass"


class Studio(http.server.BaseHTTPRequestHandler):
    """As much of Label Studio as the backend asks for: an image, a task, a project."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        answer = self.server.answers.get(self.path.partition("?")[0])
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "image/jpeg" if isinstance(answer, bytes) else "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def studio():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Studio)
    server.answers, server.seen = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("backend")


@pytest.fixture(scope="module")
def backend(studio, folder, tiny_file):
    """`python -m annotation serve`; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "annotation", "serve", "--port", str(port), "--server", studio.url]
    command += ["--database", f"sqlite:///{folder}/a.db", "--weights", str(tiny_file)]
    secrets = {"LABEL_STUDIO_API_KEY": TOKEN, "ML_BACKEND_TOKEN": PASSWORD}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | secrets, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait(lambda: process.poll() is not None or is_up(url), 120)
            assert process.poll() is None, (folder / "log.txt").read_text()
            yield url
        finally:
            process.terminate()
            process.wait(timeout=60)
    log = (folder / "log.txt").read_text()
    assert TOKEN not in log
    assert PASSWORD not in log.replace("annotation/", "")
    assert "Traceback" not in log


def is_up(url: str) -> bool:
    try:
        return ask(url, "/health", login=None)[1]["status"] == "UP"
    except URLError:
        return False


def wait(condition, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def ask(url: str, path: str, body=None, login: str | None = PASSWORD, kind="application/json"):
    """(status, decoded answer); `body`: bytes, or what becomes JSON; None: GET."""
    headers = {"Content-Type": kind}
    if login is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(f'any:{login}'.encode()).decode()}"
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def predict(url: str, *data: dict, config: str = CONFIG):
    tasks = [{"id": i, "data": one} for i, one in enumerate(data, start=1)]
    return ask(url, "/predict", {"tasks": tasks, "project": "1.2", "label_config": config, "params": {}})


def test_setup_and_versions(backend, tiny_file, tiny_spotter):
    status, answer = ask(backend, "/setup", {"project": "1.2", "schema": CONFIG, "hostname": "http://evil"})
    version = answer["model_version"]
    assert (status, version[:5]) == (200, "tiny-")
    assert ask(backend, "/versions") == (200, {"versions": [version]})
    assert model_version(tiny_spotter.card) == "tiny"
    status, answer = ask(backend, "/setup", {"schema": CONFIG.replace("transcription", "words")})
    assert status == 400
    assert "labelling configuration" in answer["error"]


def test_predictions_are_those_of_the_spotter(backend, studio, folder, picture, tiny_file):
    spotter = load_spotter(tiny_file)  # as the process does, with bfloat16 where it is fast
    turned, known = picture(1, (300, 200), orientation=6), picture(2, (300, 200))
    studio.answers["/data/upload/1/a.jpg"] = turned
    with Store(f"sqlite:///{folder}/a.db") as store:
        image, _ = store.add_image(store.project("signs"), known, "known.jpg")
    asked = len(studio.seen)
    status, answer = predict(
        backend,
        {"image": "/data/upload/1/a.jpg"},
        {"image": "/data/upload/1/missing.jpg"},
        {"image": "http://127.0.0.1:1/data/upload/1/elsewhere.jpg"},
        {"image": "/data/upload/1/not there either.jpg", "sha256": image.sha256},
    )
    assert status == 200
    first, second, third, fourth = answer["results"]
    assert (second, third) == ([], [])  # no word of what could not be looked at
    for prediction, source, size in ((first, turned, (200, 300)), (fourth, known, (300, 200))):
        assert prediction["model_version"] == answer["model_version"]
        words = spotter.spot(source)
        shapes = [result for result in prediction["result"] if result["type"] == "polygonlabels"]
        texts = [result["value"]["text"] for result in prediction["result"] if result["type"] == "textarea"]
        assert words
        assert texts == [[word.text] for word in words]
        assert [shape["score"] for shape in shapes] == [word.score for word in words]
        assert check_results(prediction["result"]) == []
        assert {(r["original_width"], r["original_height"]) for r in prediction["result"]} == {size}
        assert prediction["score"] == pytest.approx(sum(word.score for word in words) / len(words))
    # Our own image is not fetched; the others were, with the token, from the configured server alone.
    assert [path for path, _ in studio.seen[asked:]] == ["/data/upload/1/a.jpg", "/data/upload/1/missing.jpg"]
    assert {token for _, token in studio.seen} == {f"Token {TOKEN}"}


def test_logins(backend):
    for login in (None, "wrong", ""):
        assert ask(backend, "/versions", login=login)[0] == 401
        assert ask(backend, "/setup", {"schema": CONFIG}, login=login)[0] == 401
        assert ask(backend, "/predict", {"tasks": [], "label_config": CONFIG}, login=login)[0] == 401
        assert ask(backend, "/health", login=login)[0] == 200


TASK = {"id": 1, "data": {"image": "/data/a.jpg"}}
BAD = {
    "broken": (b"{", 400),
    "not utf-8": (b'{"tasks": "\xff"}', 400),
    "deep": (b"[" * 100_000, 400),
    "list": ([], 400),
    "no tasks": ({"label_config": CONFIG}, 400),
    "tasks": ({"tasks": {"a": 1}, "label_config": CONFIG}, 400),
    "task": ({"tasks": ["x"], "label_config": CONFIG}, 400),
    "data": ({"tasks": [{"data": {"image": 3}}], "label_config": CONFIG}, 400),
    "many": ({"tasks": [TASK] * (MAX_TASKS + 1), "label_config": CONFIG}, 413),
    "large": (b" " * (MAX_BODY + 1), 413),
    "foreign": ({"tasks": [TASK], "label_config": "<View/>"}, 400),
    "no configuration": ({"tasks": [TASK]}, 400),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests(backend, name):
    body, status = BAD[name]
    try:
        answered, answer = ask(backend, "/predict", body)
    except URLError:
        assert name == "large"  # cut off while it was still being sent
        return
    assert answered == status
    assert answer["error"].endswith(".")
    assert len(answer["error"]) < 200


def test_nothing_else_is_served(backend):
    assert ask(backend, "/")[0] == 404
    assert ask(backend, "/predict")[0] == 405
    assert ask(backend, "/predict", {"tasks": []}, kind="text/plain")[0] == 415
    assert predict(backend) == (
        200,
        {"results": [], "model_version": ask(backend, "/versions")[1]["versions"][0]},
    )


def test_webhooks_collect_what_the_server_says(backend, studio, folder, picture):
    """And not what the message says: anybody can send one."""
    studio.answers["/data/upload/7/photo.jpg"] = picture(5, (300, 200))
    _, answer = predict(backend, {"image": "/data/upload/7/photo.jpg"})
    (prediction,) = answer["results"]
    result = json.loads(json.dumps(prediction["result"]))
    next(r for r in result if r["type"] == "textarea")["value"]["text"] = ["Ñandú 咖啡"]
    annotation = {
        "id": 5,
        "result": result,
        "completed_by": 1,
        "created_username": " cid@example.org, 1",
        "lead_time": 2.5,
        "was_cancelled": False,
        "created_at": "2026-01-01T00:00:00Z",
    }
    task = {"id": 3, "project": 7, "data": {"image": "/data/upload/7/photo.jpg"}, "annotations": [annotation]}
    studio.answers["/api/tasks/3/"] = task | {"predictions": [prediction]}
    studio.answers["/api/projects/7/"] = {"id": 7, "title": "webhook", "label_config": CONFIG}
    lie = {"id": 5, "task": 3, "result": to_results([], 300, 200)}
    for action in ("TASKS_CREATED", "PROJECT_UPDATED", "ANNOTATIONS_DELETED", None, 7):
        assert ask(backend, "/webhook", {"action": action, "annotation": lie}) == (200, {"status": "ignored"})
    started = time.monotonic()
    message = {"action": "ANNOTATION_CREATED", "annotation": lie, "task": {"id": 3}, "project": {"id": 99}}
    assert ask(backend, "/webhook", message, login=None) == (200, {"status": "queued"})
    assert time.monotonic() - started < 1
    with Store(f"sqlite:///{folder}/a.db") as store:
        wait(lambda: "webhook" in dict(map(reversed, store.projects())), 60)
        project = store.find_project("webhook")
        wait(lambda: store.image_list(project, "done"), 60)
        (image,) = store.image_list(project)
        assert image.changed_by == "cid@example.org (Label Studio)"
        assert store.regions(image.id)[0].text == "Ñandú 咖啡"
        assert ["text"] in [list(correction.kinds) for correction in store.corrections(image.id)]
        assert [p.model_version for p in store.predictions(image.id)] == [answer["model_version"]]


@pytest.mark.parametrize(
    "message",
    [
        {"action": "ANNOTATION_CREATED"},
        {"action": "ANNOTATION_CREATED", "annotation": "x"},
        {"action": "ANNOTATION_UPDATED", "annotation": {"task": -1}},
        {"action": "ANNOTATION_UPDATED", "annotation": {"task": True}},
        {"action": "ANNOTATION_UPDATED", "annotation": {"task": 2**70}},
        {"action": "ANNOTATIONS_CREATED", "annotation": [{"task": "1/../../x"}, 3]},
        {"action": "START_TRAINING", "project": "1"},
    ],
)
def test_webhooks_that_say_nothing(backend, message):
    assert ask(backend, "/webhook", message) == (200, {"status": "ignored"})


def test_the_queue_of_corrections(store, monkeypatch):
    monkeypatch.setattr("annotation.collector.PAUSE", 0.01)
    asked = []

    class Down(Server):
        def task(self, task_id):
            asked.append(task_id)
            raise ServerError("down.")

    collector = Collector(store, Down("http://127.0.0.1:1", TOKEN))
    assert all(collector.add("task", 7) for _ in range(3))
    assert all(collector.add("task", number) for number in range(8, 7 + MAX_WAITING))
    assert not collector.add("task", 10**6)  # one too many
    collector._waiting = {("task", 7): (0, 0.0), ("task", 8): (0, 0.0)}
    collector.start()
    wait(lambda: len(asked) == 6, 20)
    assert collector.wait_until_done(10)
    collector.stop()
    assert sorted(asked) == [7, 7, 7, 8, 8, 8]  # three times each, the same correction once


def test_a_taken_port_and_missing_weights(tmp_path, monkeypatch, capsys, tiny_file):
    from annotation.__main__ import main

    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    database = ["--database", f"sqlite:///{tmp_path}/a.db"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = ["--port", str(taken.getsockname()[1])]
        assert main(["serve", *database, *port, "--weights", str(tiny_file)]) == 1
    assert main(["serve", *database, "--port", "99999", "--weights", str(tiny_file)]) == 1
    assert main(["serve", *database, "--weights", "nothing"]) == 1
    assert main(["serve", *database, "--server", "nonsense"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 4
    assert "cannot be used" in errors[0]
    assert "weights" in errors[2]
