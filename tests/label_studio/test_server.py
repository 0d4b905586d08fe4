"""Push, pull and the ML backend with a real Label Studio, in a real Chromium."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from annotation.__main__ import main
from annotation.formats import import_from
from annotation.label_studio.client import Server
from annotation.label_studio.labelling_config import CONFIG
from annotation.label_studio.sync import pull, push
from annotation.region import AnnotationError, Character, Region
from annotation.store.store import Store

ROOT = Path(__file__).resolve().parents[2]
FONT = ImageFont.truetype(str(Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf"), 32)
TEXTS = ('Ñandú & "42"', "Straße", "咖啡店", "naïve café")
SIZE = (1003, 751)  # odd, so that percentages are not round
INVERSE_ROTATIONS = {1: None, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
TOLERANCE = 0.1  # pixels


def quad(x: float, y: float, width: float, height: float, degrees: float) -> list[list[float]]:
    """A rectangle rotated clockwise about its top left corner (x, y), pixels."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    return [[round(x + a * cos - b * sin, 2), round(y + a * sin + b * cos, 2)] for a, b in corners]


def band(x: float, y: float, radius: float, height: float, points: int = 7) -> list[list[float]]:
    """A curved band over the centre (x, y): `points` along the top, as many back along the bottom."""
    angles = [math.pi * (1.2 + 0.6 * i / (points - 1)) for i in range(points)]
    both = [(radius, a) for a in angles] + [(radius - height, a) for a in reversed(angles)]
    return [[round(x + r * math.cos(a), 2), round(y + r * math.sin(a), 2)] for r, a in both]


def scene(seed: int, orientation: int = 1) -> tuple[bytes, list[Region]]:
    """A JPEG with this EXIF orientation, and a prediction of its words: straight, rotated and curved."""
    image = Image.new("RGB", SIZE, (235 - 20 * seed, 230, 215))
    draw = ImageDraw.Draw(image)
    shapes = [quad(80 + 10 * seed, 90, 330, 70, 0), quad(520, 160, 300, 80, 24), band(500, 640, 250, 62)]
    regions = []
    for number, shape in enumerate(shapes):
        draw.polygon([tuple(point) for point in shape], fill=(250, 250, 250))
        text = TEXTS[(number + seed) % len(TEXTS)]
        middle = shape[:1] + shape[2:3] if number < 2 else shape[3:4] + shape[10:11]
        place = tuple(sum(axis) / 2 for axis in zip(*middle, strict=True))
        draw.text(place, text, (20, 20, 20), FONT, "mm")
        score = round(0.97 - 0.11 * number - 0.03 * seed, 4)
        characters = [Character(sign, 0.9) for sign in text]
        regions.append(
            Region(shape, text, score=score, reading_score=0.9, characters=characters, origin="model")
        )
    stored = image.transpose(INVERSE_ROTATIONS[orientation]) if orientation != 1 else image
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    stored.save(out, "JPEG", exif=exif, quality=92)
    return out.getvalue(), regions


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    folder.mkdir()
    with Store(f"sqlite:///{folder}/a.db") as store:
        yield store


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with opened(tmp_path / "first") as store:
        yield store


@pytest.fixture
def empty(tmp_path) -> Iterator[Store]:
    with opened(tmp_path / "second") as store:
        yield store


@pytest.fixture
def project(store, request) -> str:
    """Three scenes, two of them with an EXIF rotation; the first is corrected, the others only predicted."""
    name = f"{request.node.name[:36]} {time.time_ns() % 10**9}"
    number = store.ensure_project(name)
    for seed, orientation in enumerate((1, 6, 8)):
        data, regions = scene(seed, orientation)
        image, _ = store.add_image(number, data, f"straße {seed} 店.jpg")
        assert (image.width, image.height) == SIZE
        store.add_prediction(image.id, "nano-1", regions)
    image = store.image_list(number)[0]
    first, second, third = store.regions(image.id)
    words = [
        replace(first, text="Corrected 咖"),
        replace(second, difficult=True),
        third,
        Region(quad(600, 20, 90, 50, -7), "", illegible=True),
        Region(band(300, 700, 140, 30), "drawn", difficult=True),
    ]
    store.save_regions(image.id, image.version, words, "bob")
    return name


def content(store: Store, project: str) -> dict[str, tuple]:
    """What must not change, by image hash."""
    return {
        image.sha256: (
            image.name,
            image.width,
            image.height,
            store.regions(image.id),
            [(p.model_version, p.score, p.regions) for p in store.predictions(image.id)],
        )
        for image in store.image_list(store.find_project(project))
    }


def assert_same(first: list[Region], second: list[Region], locks: bool = True) -> None:
    """Polygons within 0.1 pixels, the rest equal."""
    assert [r.id for r in first] == [r.id for r in second]
    for a, b in zip(first, second, strict=True):
        assert len(a.polygon) == len(b.polygon)
        for p, q in zip(a.polygon, b.polygon, strict=True):
            assert math.dist(p, q) < TOLERANCE
        names = ("text", "illegible", "difficult", "score", "reading_score", "origin")
        assert [getattr(a, name) for name in names] == [getattr(b, name) for name in names]
        assert not locks or a.locked == b.locked


def test_push_pull_and_both_again(store, empty, project, server):
    report = push(store, project, server)
    assert (report.images_added, report.predictions_added, report.annotations_added) == (3, 3, 1)
    pulled = pull(empty, project, server)
    assert (pulled.images_added, pulled.predictions_added, pulled.notes) == (3, 3, [])
    assert content(empty, project) == content(store, project)
    assert {image.state for image in empty.image_list(1)} == {"new", "in work"}
    for _ in range(2):
        again = push(store, project, server)
        assert (again.images_added, again.predictions_added) == (0, 0)
        assert (again.annotations_added, again.annotations_changed, again.changed_remotely) == (0, 0, [])
    remote = server.find_project(project)
    tasks = server.tasks(remote)
    assert [len(task["predictions"]) for task in tasks] == [1, 1, 1]
    assert sorted(len(task["annotations"]) for task in tasks) == [0, 0, 1]
    again = pull(store, project, server)
    assert (again.images_added, again.regions_added, again.regions_changed, again.kept_as_drafts) == (
        0,
        0,
        0,
        [],
    )
    # A newer model, and newer edits here.
    image = store.image_list(1)[1]
    store.add_prediction(image.id, "nano-2", scene(1)[1][:2])
    store.save_regions(image.id, store.image(image.id).version, store.regions(image.id)[:1], "bob")
    report = push(store, project, server)
    assert (report.images_added, report.predictions_added, report.annotations_added) == (0, 1, 1)
    assert server.find_project(project).model_version == "nano-2"
    pull(empty, project, server)
    assert content(empty, project)[image.sha256][3][0].text == store.regions(image.id)[0].text


def test_through_the_browser(store, empty, project, server, url, open_page, tmp_path):
    push(store, project, server)
    before = content(store, project)
    number = server.find_project(project).id
    # The label stream shows the tasks without an annotation, with the predictions.
    for _ in range(2):
        page = open_page(f"/projects/{number}/data?labeling=1")
        page.locator("[data-testid=textarea-region-input]").nth(2).wait_for()
        page.screenshot(path=tmp_path / "predicted.png")
        with page.expect_response(lambda answer: "/annotations" in answer.url and answer.status == 201):
            page.click("[data-testid=bottombar-submit-button]")
    # The corrected one shows its texts; one is typed again.
    page = open_page(f"/projects/{number}/data")
    page.get_by_text("straße 0 店.jpg").click()
    boxes = page.locator("[data-testid=textarea-region-input]")
    boxes.nth(4).wait_for()
    assert [boxes.nth(i).input_value() for i in range(5)] == ["Corrected 咖", "Straße", "咖啡店", "", "drawn"]
    page.screenshot(path=tmp_path / "corrected.png")
    boxes.nth(1).fill("Straßen-Café")
    boxes.nth(1).press("Enter")
    with page.expect_response(lambda answer: "/annotations/" in answer.url and answer.status == 200):
        page.click("[data-testid=bottombar-update-button]")

    report = pull(store, project, server)
    assert (report.images_existing, report.regions_added, report.regions_removed) == (3, 0, 0)
    # The corrected image was not edited here since the push, so the edits of Label Studio are imported.
    assert (report.regions_changed, report.kept_as_drafts, report.notes) == (1, [], [])
    after = content(store, project)
    for sha256, (name, _, _, regions, predictions) in before.items():
        assert after[sha256][4] == predictions
        if name.startswith("straße 0"):
            expected = [*regions]
            expected[1] = replace(
                regions[1], text="Straßen-Café", reading_score=None, characters=[], locked=True
            )
            assert_same(after[sha256][3], expected, locks=False)
        else:
            assert_same(after[sha256][3], regions, locks=False)
        assert all(region.locked for region in after[sha256][3])  # a person has submitted them
    images = store.image_list(store.find_project(project))
    assert {image.state for image in images} == {"done"}
    assert "ann@example.org" in images[0].changed_by
    # Label Studio's own export has the same content.
    answer = ask(url, f"/api/projects/{number}/export?exportType=JSON&download_all_tasks=true")
    (tmp_path / "export.json").write_bytes(answer)
    for image in images:
        (tmp_path / image.name).write_bytes(store.image_path(image).read_bytes())
    import_from(empty, project, tmp_path / "export.json")
    for sha256, (*_, regions, _) in content(empty, project).items():
        assert_same(regions, after[sha256][3])


def ask(url: str, path: str, /, **values) -> bytes:
    """GET, or POST of JSON, as the owner of the token."""
    headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
    data = json.dumps(values).encode() if values else None
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=120) as answer:
        return answer.read()


TOKEN = "0123456789abcdef0123456789abcdef01234567"  # as in conftest.py


def test_an_exported_folder(store, empty, project, server, url, served, tmp_path):
    """As in the README: a project with the exported configuration, the folder as a storage, the tasks."""
    assert (
        main(["export", str(served), "--database", f"sqlite:///{tmp_path}/first/a.db", "--project", project])
        == 0
    )
    config = (served / "labelling-configuration.xml").read_text()
    made = json.loads(ask(url, "/api/projects/", title=f"{project} file", label_config=config))
    number = made["id"]
    ask(url, "/api/storages/localfiles/", project=number, path=str(served / "images"), use_blob_urls=True)
    tasks = json.loads((served / "tasks.json").read_text())
    with server.client() as sdk:
        sdk.projects.import_tasks(id=number, request=tasks)
    answer = ask(url, f"/api/projects/{number}/export?exportType=JSON&download_all_tasks=true")
    (tmp_path / "export.json").write_bytes(answer)
    exported = {task["data"]["sha256"]: task for task in json.loads(answer)}
    assert exported.keys() == content(store, project).keys()
    for sha256, task in exported.items():
        assert hashlib.sha256(ask(url, task["data"]["image"])).hexdigest() == sha256
    # The images are those of the storage.
    report = import_from(empty, project, tmp_path / "export.json", images=served)
    assert (report.images_added, report.kept_as_drafts) == (3, [])
    for sha256, (name, *size, regions, _) in content(empty, project).items():
        expected = content(store, project)[sha256]
        assert (name, *size) == expected[:3]
        assert_same(regions, expected[3] if exported[sha256]["annotations"] else [])
    # Predictions are only in a pull.
    pull(empty, f"{project} file", server)
    assert content(empty, f"{project} file") == content(store, project)


def test_edits_on_the_server_are_not_overwritten(store, project, server):
    push(store, project, server)
    remote = server.find_project(project)
    task = next(task for task in server.tasks(remote) if task["annotations"])
    annotation = task["annotations"][0]
    texts = [result for result in annotation["result"] if result["type"] == "textarea"]
    texts[0]["value"]["text"] = ["theirs"]
    with server.client() as sdk:
        sdk.annotations.update(annotation["id"], result=annotation["result"], lead_time=4.2)
    image = store.image_list(store.find_project(project))[0]
    words = [replace(region, text="mine") for region in store.regions(image.id)[:1]]
    store.save_regions(image.id, image.version, words, "bob")
    assert push(store, project, server).changed_remotely == [image.name]
    for _ in range(2):
        assert pull(store, project, server).kept_as_drafts == [image.name]
    assert [region.text for region in store.regions(image.id)] == ["mine"]
    (draft,) = store.drafts(image.id)
    assert "theirs" in [region.text for region in draft.regions]
    store.discard_draft(draft.id)  # keeps the local edits
    assert push(store, project, server).annotations_changed == 1
    assert pull(store, project, server).kept_as_drafts == []


def test_json_min(store, empty, project, server, url, tmp_path):
    """What Label Studio leaves out of it is not guessed; the rest is there."""
    push(store, project, server)
    number = server.find_project(project).id
    answer = ask(url, f"/api/projects/{number}/export?exportType=JSON_MIN&download_all_tasks=true")
    (tmp_path / "min.json").write_bytes(answer)
    images = store.image_list(store.find_project(project))
    for image in images:
        (tmp_path / image.name).write_bytes(store.image_path(image).read_bytes())
    report = import_from(empty, project, tmp_path / "min.json")
    assert (report.images_added, report.faults) == (3, [])
    # One of its five regions is illegible, without a text: nothing says which of them.
    (first,) = (image for image in empty.image_list(1) if image.state == "in work")
    found = empty.regions(first.id)
    assert [region.text for region in found] == [""] * 5
    expected = store.regions(next(image.id for image in images if image.name == first.name))
    for mine, theirs in zip(found, expected, strict=True):
        assert all(math.dist(*pair) < TOLERANCE for pair in zip(mine.polygon, theirs.polygon, strict=True))
    assert "5 regions, but 4 texts, which were left out: 'Corrected 咖'" in "".join(report.notes)
    # Without that region, the order decides.
    store.save_regions(images[0].id, images[0].version, [r for r in expected if r.text], "bob")
    push(store, project, server)
    answer = ask(url, f"/api/projects/{number}/export?exportType=JSON_MIN&download_all_tasks=true")
    (tmp_path / "min.json").write_bytes(answer)
    import_from(empty, "again", tmp_path / "min.json")
    (first,) = (image for image in empty.image_list(2) if image.state == "in work")
    assert [r.text for r in empty.regions(first.id)] == [r.text for r in expected if r.text]


def tasks_of(server: Server, project: str) -> list[dict]:
    return server.tasks(server.find_project(project))


def test_a_photo_deleted_on_the_server_is_only_sent_again_if_asked(
    store, project, server, url, tmp_path, monkeypatch, capsys
):
    push(store, project, server)
    first, *others = store.image_list(store.find_project(project))
    with server.client() as sdk:
        (task,) = (t for t in tasks_of(server, project) if t["data"]["sha256"] == first.sha256)
        sdk.tasks.delete(task["id"])
    report = push(store, project, server)
    assert (report.images_added, report.deleted_remotely) == (0, [first.name])
    pull(store, project, server)
    assert push(store, project, server).deleted_remotely == [first.name]
    there = {task["data"]["sha256"] for task in tasks_of(server, project)}
    assert there == {image.sha256 for image in others}

    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    options = ["--database", f"sqlite:///{tmp_path}/first/a.db", "--server", url, "--project", project]
    assert main(["push", *options, "--resend"]) == 0
    assert "images: 1 added, 2 already there" in capsys.readouterr().out
    assert len(tasks_of(server, project)) == 3
    # It is an ordinary photo again.
    assert (again := push(store, project, server)).images_existing == 3
    assert again.deleted_remotely == []


def test_several_and_cancelled_annotations_are_reported(store, project, server):
    push(store, project, server)
    task = next(task for task in server.tasks(server.find_project(project)) if task["annotations"])
    first = task["annotations"][0]
    with server.client() as sdk:
        sdk.annotations.create(task["id"], result=first["result"][:2], lead_time=1.0)
        sdk.annotations.create(task["id"], result=[], was_cancelled=True, lead_time=1.0)
    report = pull(store, project, server)
    assert any("2 annotations" in note for note in report.notes)
    assert any("ancelled" in note for note in report.notes)
    assert report.regions_removed == 4


def test_the_commands_with_a_personal_access_token(url, project, store, empty, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", json.loads(ask(url, "/api/token/", name="test"))["token"])
    where = ["--server", url, "--project", project]
    for _ in range(2):
        assert main(["push", "--database", f"sqlite:///{tmp_path}/first/a.db", *where]) == 0
    assert main(["pull", "--database", f"sqlite:///{tmp_path}/second/a.db", *where]) == 0
    out, err = capsys.readouterr()
    assert [line for line in out.splitlines() if line.startswith("images")] == [
        "images: 3 added, 0 already there",
        "images: 0 added, 3 already there",
        "images: 3 added, 0 already there",
    ]
    assert "rror" not in err
    assert content(empty, project) == content(store, project)


def refused(store: Store, project: str, server: Server) -> set[str]:
    """The error messages of push and pull, which change nothing."""
    before = content(store, project)
    sentences = set()
    for command in (push, pull):
        with pytest.raises(AnnotationError) as caught:
            command(store, project, server)
        sentences.add(str(caught.value))
        assert TOKEN not in str(caught.value)
        assert "\n" not in str(caught.value)
    assert content(store, project) == before
    return sentences


def test_refusals(store, project, server, url):
    (sentence,) = refused(store, project, Server(url, "0" * 40))
    assert "does not accept the token" in sentence
    text = CONFIG.replace("transcription", "words").replace("TextArea", "Number")
    ask(url, "/api/projects/", title=project, label_config=text)
    assert len(refused(store, project, server)) == 2
    assert server.tasks(server.find_project(project)) == []


@contextmanager
def ml_backend(weights: Path, url: str, folder: Path, password: str) -> Iterator[str]:
    """`python -m annotation serve` as a process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "annotation", "serve", "--port", str(port), "--server", url]
    command += ["--database", f"sqlite:///{folder}/a.db", "--weights", str(weights)]
    secrets = {"LABEL_STUDIO_API_KEY": TOKEN, "ML_BACKEND_TOKEN": password}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | secrets, stdout=log, stderr=log)
        try:
            wait(lambda: reachable(f"http://127.0.0.1:{port}/health"), 120)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert TOKEN not in (folder / "log.txt").read_text()


def reachable(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_ml_backend(store, project, server, url, tiny_file, tmp_path):
    """Label Studio requests predictions, a person submits them, and a webhook imports them."""
    number = server.create_project(project).id
    data, _ = scene(0, 6)
    there = server.upload(number, "turned.jpg", data)  # as a person uploads a photo: EXIF and all
    server.add_task(number, {"data": {"image": there}})
    (tmp_path / "third").mkdir()
    with ml_backend(tiny_file, url, tmp_path / "third", "pass") as backend, server.client() as sdk:
        login = {"auth_method": "BASIC_AUTH", "basic_auth_user": "any"}
        made = sdk.ml.create(url=backend, project=number, title="tiny", basic_auth_pass="pass", **login)
        assert (made.state, made.error_message) == ("CO", None)
        action = {"id": "retrieve_tasks_predictions", "project": number}
        sdk.actions.create(selected_items={"all": True, "excluded": []}, **action)
        (task,) = server.tasks(server.project(number))
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("tiny-")
        regions = [result for result in prediction["result"] if result["type"] == "polygonlabels"]
        assert regions
        assert {(r["original_width"], r["original_height"]) for r in regions} == {SIZE}
        texts = [result for result in prediction["result"] if result["type"] == "textarea"]
        texts[0]["value"]["text"] = ["咖啡 é"]
        sdk.annotations.create(
            task["id"], result=prediction["result"], lead_time=3.0, parent_prediction=prediction["id"]
        )
        with Store(f"sqlite:///{tmp_path}/third/a.db") as collected:
            wait(lambda: collected.projects() and collected.image_list(1, "done"), 60)
            (image,) = collected.image_list(1)
            assert (image.name, image.width, image.height) == ("turned.jpg", *SIZE)
            assert collected.projects() == [(1, project)]
            assert collected.regions(image.id)[0].text == "咖啡 é"
            assert any("text" in correction.kinds for correction in collected.corrections(image.id))
