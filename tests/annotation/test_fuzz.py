"""Damaged and odd inputs of every kind: a result or a sentence, and nothing is written elsewhere.

FUZZ: how many inputs (`make fuzz`: 10,000). Input NUMBER of a kind is always the same one.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from annotation.__main__ import COMMANDS, main
from annotation.editor import RegionEditor
from annotation.editor.schema import EditorData
from annotation.formats import import_from
from annotation.label_studio.backend import TaskPredictor, build_app
from annotation.label_studio.client import Server
from annotation.label_studio.labelling_config import CONFIG
from annotation.region import AnnotationError
from annotation.tabs.panels.editing import image_size
from annotation.tabs.session import AnnotationSession
from annotation.upload import upload
from spotter.images import ImageError, count_pages, read_image

KINDS = 7
COUNT = int(os.environ.get("FUZZ", "500")) // KINDS
ODD = [None, True, "", -1, 0.5, 2**31, 2**70, 1e308, float("nan"), float("inf"), [], {}, [[]], [None] * 3]
ODD += ["../../../tmp/x", "/etc/passwd", "<script>alert(1)</script>", "=1+1", "\0", "\ud800", "é" * 300, "{}"]
ODD += ["file:///etc/passwd", "http://[::1", "http://127.0.0.1:99999/x", "data:image/png;base64,AA", {"a": 1}]
FORMATS = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]
BOX = [[1.0, 1.0], [50.0, 1.0], [50.0, 50.0]]
TASK = {
    "data": {"image": "images/a.png"},
    "annotations": [
        {
            "result": [
                {"id": "r1", "from_name": "label", "to_name": "image", "type": "polygonlabels",
                 "original_width": 60, "original_height": 60,
                 "value": {"points": [[1, 1], [50, 1], [50, 50]], "polygonlabels": ["Text"]}},
                {"id": "r1", "from_name": "transcription", "to_name": "image", "type": "textarea",
                 "value": {"text": ["NOVA"]}},
            ]
        }
    ],
}  # fmt: skip
COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 60}],
    "annotations": [{"id": 1, "image_id": 1, "segmentation": [[1, 1, 50, 1, 50, 50]], "text": "NOVA"}],
}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut off, doubled or inserted."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(changed) + 1)
        way = rng.randrange(4)
        if way == 0:
            changed[place : place + 1] = rng.randbytes(1)
        elif way == 1:
            changed[place:place] = rng.randbytes(rng.randint(1, 40))
        elif way == 2:
            changed[place:place] = changed[place : place + rng.randint(1, 200)]
        elif rng.random() < 0.2:
            del changed[place:]
    return bytes(changed)


def odd(value: Any, rng: random.Random) -> Any:
    """A copy of a JSON value, with odd values in a few places."""
    changed = copy.deepcopy({"root": value})
    for _ in range(rng.randint(1, 3)):
        node: Any = changed
        while True:
            key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or not node[key] or rng.random() < 0.15:
                break
            node = node[key]
        if rng.random() < 0.15 and node is not changed:
            del node[key]
            if not node:
                break
        else:
            node[key] = copy.deepcopy(rng.choice(ODD))
        if not isinstance(changed["root"], dict | list) or not changed["root"]:
            break
    return changed["root"]


def picture(rng: random.Random) -> bytes:
    pixels = np.frombuffer(rng.randbytes(60 * 60 * 3), np.uint8).reshape(60, 60, 3)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, rng.choice(FORMATS))
    return out.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in files.items():
            written.writestr(name, data)
    return out.getvalue()


def try_all(kind: str, attempt: Callable[[random.Random], None], *expected: type[Exception]) -> None:
    """`expected`: exceptions that are one sentence for a person."""
    for number in range(COUNT):
        sentence = None
        try:
            attempt(random.Random(f"{kind} {number}"))
        except expected as error:
            sentence = str(error)
        except BaseException as error:
            raise AssertionError(f"{kind} {number}: {type(error).__name__}: {error}") from error
        if sentence is not None:
            assert sentence.strip(), f"{kind} {number}: no sentence"
            assert "Traceback" not in sentence


@pytest.fixture(autouse=True)
def nothing_is_written_elsewhere(tmp_path):
    """Above the folder of the test, where `..` leads."""
    before = sorted(tmp_path.parent.iterdir())
    yield
    assert sorted(tmp_path.parent.iterdir()) == before
    assert not Path("/tmp/x").exists()


@pytest.fixture
def project(store) -> int:
    return store.ensure_project("p")


def test_pictures():
    def attempt(rng: random.Random) -> None:
        data = damaged(picture(rng), rng)
        count_pages(data)
        pixels = read_image(data)
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3

    try_all("picture", attempt, ImageError)


def test_uploads(store, project, tmp_path):
    def attempt(rng: random.Random) -> None:
        names = [
            "a.png",
            "b/c.png",
            "../x.png",
            "/x.png",
            ".DS_Store",
            "a.zip",
            "x" * 300 + ".png",
            "a\\b.png",
        ]
        data = archive({rng.choice(names): picture(rng) for _ in range(3)})
        path = tmp_path / "upload.zip"
        path.write_bytes(damaged(data, rng) if rng.random() < 0.7 else data)
        report = upload(store, project, [str(path)], lambda *_: None)
        assert all(reason.strip() for _, reason in report.refused)

    try_all("upload", attempt, AnnotationError)
    assert {path.name for path in tmp_path.iterdir()} <= {
        "upload.zip", "annotation.db", "annotation.db-wal", "annotation.db-shm", "annotation.images"
    }  # fmt: skip


@pytest.mark.parametrize("text_is_damaged", [False, True])
def test_imports(store, tmp_path, text_is_damaged):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (60, 60)).save(tmp_path / "images/a.png")
    Image.new("RGB", (60, 60)).save(tmp_path / "a.png")

    def attempt(rng: random.Random) -> None:
        value = rng.choice([[TASK], COCO])
        text = json.dumps(value if text_is_damaged else odd(value, rng)).encode()
        path = tmp_path / "import.json"
        path.write_bytes(damaged(text, rng) if text_is_damaged else text)
        import_from(store, "p", path, rng.choice([None, "label-studio", "coco"]))

    try_all(f"import {text_is_damaged}", attempt, AnnotationError, ImageError)
    assert all(region.polygon for image in store.image_list(1) for region in store.regions(image.id))


def test_edits(store, image_id):
    session = AnnotationSession(store, store.find_project("p"), "ann")
    session.refresh_queue()
    session.open(image_id)
    editor = RegionEditor(size_of=lambda name: image_size(store, name))

    def attempt(rng: random.Random) -> None:
        document = session.document()
        assert document is not None
        region = {"id": "r1", "points": BOX, "text": "NOVA", "score": 0.5}
        edit = {"image_id": str(image_id), "width": 200, "height": 100, "version": document["version"]}
        edit |= {"revision": document["revision"] + 1, "regions": [region]}
        sent = odd(edit, rng)
        if isinstance(sent, dict) and isinstance(sent.get("regions"), list):
            sent["regions"] = json.dumps(sent["regions"])
        session.save(editor.preprocess(EditorData.model_validate(sent)))

    try_all("edit", attempt, gr.Error, AnnotationError)
    for found in store.regions(image_id):
        assert np.isfinite(found.polygon).all()


def test_command_line(store, image_id, database, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [
        "--project",
        "p",
        "--database",
        database,
        "photo.jpg",
        "--format",
        "csv",
        "--state",
        "done",
        "ann",
    ]
    words += [
        "--yes",
        "--csv",
        "out.csv",
        "--strict",
        "owner",
        "-",
        "--",
        "*",
        "\udce9",
        "tasks.json",
        "[",
        "0",
    ]
    commands = sorted(set(COMMANDS) - {"serve", "push", "pull"})  # which wait for others

    def attempt(rng: random.Random) -> None:
        arguments = [rng.choice(commands), *rng.sample(words, rng.randint(0, 6))]
        code = main(arguments)
        captured = capsys.readouterr()
        assert code in (0, 1), arguments
        assert "Traceback" not in captured.out + captured.err
        if code:
            assert captured.err.strip(), arguments
        raise SystemExit("done")

    try_all("command", attempt, SystemExit)


def test_ml_backend(store, tiny_spotter):
    server = Server("http://127.0.0.1:9", "token")  # where nothing listens
    predictor = TaskPredictor(store, lambda: tiny_spotter, server)
    worker = SimpleNamespace(start=int, stop=int, add=lambda *_: True)
    client = TestClient(build_app(predictor, worker), headers={"content-type": "application/json"})
    whole = {"tasks": [TASK], "label_config": CONFIG, "schema": CONFIG, "action": "ANNOTATION_CREATED"}
    whole |= {"project": {"id": 1}, "task": {"id": 1}, "annotation": {"id": 1, "task": 1}}

    def attempt(rng: random.Random) -> None:
        text = json.dumps(odd(whole, rng)).encode()
        path = rng.choice(["/predict", "/setup", "/webhook", "/versions"])
        answer = client.post(path, content=damaged(text, rng) if rng.random() < 0.3 else text)
        assert answer.status_code < 500, f"{path}: {answer.text}"

    try_all("backend", attempt)
