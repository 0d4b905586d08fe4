"""A fake Label Studio server, the ML backend as a process that talks to it, and a server with odd answers."""

from __future__ import annotations

import base64
import http.server
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from PIL import Image

from annotation.label_studio.labelling_config import CONFIG
from annotation.region import Region
from annotation.store.store import Store
from spotter.types import Character

ROOT = Path(__file__).resolve().parents[3]
TOKEN, PASSWORD = "a-token-that-nobody-may-see", "our-own-password"
SECONDS = 240  # the machine may be busy with other work
BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0], [10.0, 30.0]]
READ = [Character(sign, 0.5) for sign in "cat"]


@dataclass
class FakeLabelStudio:
    """Answers the API requests of the backend, and records them."""

    url: str = ""
    files: dict[str, bytes | str] = field(default_factory=dict)  # path -> content, or the URL of a redirect
    tasks: dict[int, dict] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)  # paths
    unauthorized: list[str] = field(default_factory=list)  # paths requested without the token
    delay: float = 0.0  # seconds before a response of the API

    def answer(self, path: str) -> bytes | str | dict | None:
        if path in self.files:
            return self.files[path]
        if path.startswith("/api/"):
            time.sleep(self.delay)
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
def label_studio() -> Iterator[FakeLabelStudio]:
    fake = FakeLabelStudio()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            fake.requested.append(path)
            if self.headers.get("Authorization") != f"Token {TOKEN}":
                fake.unauthorized.append(path)
                return self.send_error(401)
            found = fake.answer(path)
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
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


def _photograph(seed: int) -> bytes:
    """A PNG of 256 x 192 pixels."""
    coarse = np.random.default_rng(seed).integers(0, 256, (16, 21, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(cv2.resize(coarse, (256, 192), interpolation=cv2.INTER_CUBIC)).save(out, "PNG")
    return out.getvalue()


@dataclass
class Backend:
    """The running ML backend."""

    url: str
    database: str
    log: Path

    def request(
        self, path: str, body: object = None, password: str = PASSWORD, **headers: str
    ) -> tuple[int, dict]:
        """Status and decoded response; `body`: JSON unless it is bytes, None for a GET."""
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
        status, answer = self.request("/predict", {"tasks": tasks, "label_config": CONFIG})
        assert status == 200
        return answer["results"]


@pytest.fixture(scope="module")
def backend(label_studio, tiny_file, tmp_path_factory) -> Iterator[Backend]:
    """`python -m annotation serve` on a free port, with a project "p" in its database."""
    folder = tmp_path_factory.mktemp("backend")
    database = f"sqlite:///{folder}/annotation.db"
    with Store(database) as store:
        store.add_image(store.ensure_project("p"), _photograph(0), "known.png")
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
        _wait_for(lambda: _is_up(running, process), f"the backend:\n{log.read_text()}")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_up(backend: Backend, process: subprocess.Popen) -> bool:
    assert process.poll() is None, backend.log.read_text()
    try:
        return backend.request("/health")[0] == 200
    except URLError:
        return False


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"timeout while waiting for {what}"
        time.sleep(0.1)


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool], str], None]:
    """Waits until a condition is true; the second argument describes it."""
    return _wait_for


@pytest.fixture
def photograph() -> Callable[[int], bytes]:
    """Makes a PNG of 256 x 192 pixels from a seed."""
    return _photograph


@pytest.fixture
def known(backend):
    """The image of the project, and its stored file."""
    with Store(backend.database) as store:
        image = store.image_list(store.find_project("p"))[0]
        return image, store.image_path(image)


@pytest.fixture
def full(store, picture) -> list[int]:
    """Three images in the project "signs": corrected, only predicted, and new."""
    project = store.ensure_project("signs")
    ids = [
        store.add_image(project, picture(i, orientation=6 if i == 1 else None), f"é {i}.jpg")[0].id
        for i in range(3)
    ]
    for image in ids[:2]:
        store.add_prediction(
            image, "nano-1", [Region(BOX, "cat", score=0.5, reading_score=0.5, characters=READ)]
        )
    store.save_regions(ids[0], 1, [replace(store.regions(ids[0])[0], text="CAT")], "bob")
    return ids


class OddHandler(http.server.BaseHTTPRequestHandler):
    """Responds with the server's `answers`: (status, headers, body, seconds) by the start of the path."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        path = next(path for path in self.server.answers if self.path.startswith(path))
        status, headers, body, seconds = self.server.answers[path]
        time.sleep(seconds)
        try:
            self.send_response(status)
            for header in headers.items():
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def odd_server() -> Iterator[http.server.ThreadingHTTPServer]:
    """A real server on loopback with `answers`, `seen` and `url`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OddHandler)
    server.answers, server.seen = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
