"""Archives in and out of the app, and bad ones of every kind."""

from __future__ import annotations

import io
import json
import zipfile

import gradio as gr
import pytest

from annotation.archive import unpack
from annotation.formats import FormatError
from annotation.label_studio.client import ServerError
from annotation.region import MAX_REGIONS, Region
from annotation.store.store import Store
from annotation.tabs.error_messages import told
from annotation.tabs.panels.transfer import URL_VARIABLE, connect, export_archive, import_file

BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0], [10.0, 30.0]]


@pytest.fixture
def project(store, image_id) -> int:
    store.save_regions(image_id, 0, [Region(BOX, "Café", "r1")], "ann")
    return store.find_project("p")


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other").mkdir()
    with Store(f"sqlite:///{tmp_path}/other/b.db") as opened:
        yield opened


def archive(path, **files):
    """A zip archive; the names have _ for a dot."""
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in files.items():
            opened.writestr(name.replace("_", "."), content)
    return path


def everything(store) -> list:
    return [
        (name, image, store.regions(image.id), store.drafts(image.id))
        for number, name in store.projects()
        for image in store.image_list(number)
    ]


@pytest.mark.parametrize("form", ["label-studio", "icdar", "ppocrlabel", "coco"])
def test_an_archive_goes_into_an_empty_database(store, project, other, tmp_path, form):
    file, lines = export_archive(store, project, form, tmp_path)
    assert file.name == f"p-{form}.zip"
    assert lines[0] == "images: 1, regions: 1"
    lines = import_file(other, "there", file, form)
    assert lines[0] == "images: 1 added, 0 known"
    (image,) = other.image_list(other.find_project("there"))
    (region,) = other.regions(image.id)
    assert (region.text, region.polygon) == ("Café", BOX)


def task(**changes) -> dict:
    value = {"points": [[5, 10], [30, 10], [30, 30]], "closed": True, "polygonlabels": ["Text"]}
    result = {"id": "a", "type": "polygonlabels", "from_name": "label", "to_name": "image", "value": value}
    return {"data": {"image": "photo.jpg"}, "annotations": [{"result": [result | changes]}]}


def with_points(*points) -> dict:
    return task(value={"points": list(points), "polygonlabels": ["Text"]})


MANY = {
    "data": {"image": "photo.jpg"},
    "annotations": [
        {"result": [task()["annotations"][0]["result"][0] | {"id": f"r{i}"} for i in range(10_000)]}
    ],
}
BAD = {
    "broken JSON": ('[{"data": ', "is not valid JSON"),
    "no tasks": ('{"a": 1}', "is not a list of Label Studio tasks"),
    "foreign configuration": (task(type="brushlabels"), "labelling configuration has no polygons"),
    "points outside": (with_points([5, 10], [130, 10], [30, 30]), "outside of the image"),
    "NaN": (
        json.dumps(with_points([5, 10], [5.5, 10], [30, 30])).replace("5.5", "NaN"),
        "NaN, which is not a number",
    ),
    "10,000 regions": (MANY, f"at most {MAX_REGIONS}"),
    "wrong hash": (task() | {"data": {"image": "photo.jpg", "sha256": "0" * 64}}, "its hash differs"),
    "missing image": (task() | {"data": {"image": "nowhere.jpg"}}, "neither in the project nor beside"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("packed", [False, True])
def test_a_bad_file_is_told_in_one_sentence_and_changes_nothing(store, project, tmp_path, kind, packed):
    content, says = BAD[kind]
    text = content if isinstance(content, str) else json.dumps([content])
    if packed:
        file = archive(tmp_path / "in.zip", tasks_json=text)
    else:
        file = tmp_path / "tasks.json"
        file.write_text(text, encoding="utf-8")
    before = everything(store)
    with pytest.raises(FormatError, match=says) as refusal:
        import_file(store, "p", file, "label-studio")
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(".")
    assert everything(store) == before


@pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "C:\\out.json", "a/../../out.json"])
def test_no_name_leads_out_of_an_archive(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as opened:
        opened.writestr(name, "x")
    with pytest.raises(FormatError, match="leads out of it"):
        unpack(tmp_path / "in.zip", tmp_path / "folder")
    assert not (tmp_path / "out.json").exists()


def test_what_is_no_archive_or_too_large_is_refused(tmp_path, monkeypatch):
    (tmp_path / "in.zip").write_bytes(b"no archive")
    with pytest.raises(FormatError, match="damaged"):
        unpack(tmp_path / "in.zip", tmp_path)
    monkeypatch.setattr("annotation.archive.MAX_TOTAL", 2**16)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros.json", bytes(2**17))
    (tmp_path / "bomb.zip").write_bytes(packed.getvalue())
    with pytest.raises(FormatError, match="holds more than"):
        unpack(tmp_path / "bomb.zip", tmp_path / "folder")


def test_the_archive_s_own_folder_and_another_name_of_the_file_are_found(store, project, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as opened:
        opened.writestr("__MACOSX/._export", "")
        opened.writestr("export/project-1.json", json.dumps([task()]))
    assert import_file(store, "p", tmp_path / "in.zip", "label-studio")[0] == "images: 0 added, 1 known"
    with pytest.raises(FormatError, match=r"has no annotations.json|not a COCO file"):
        import_file(store, "p", archive(tmp_path / "two.zip", a_json="[]", b_json="[]"), "coco")
    with pytest.raises(FormatError, match="no form"):
        import_file(store, "p", tmp_path / "in.zip", "../label-studio")


def test_a_name_out_of_a_file_is_no_markup(store, project, tmp_path):
    name = "<img src=&#x2f;&#x2f;x.example>.jpg"
    (tmp_path / "a.json").write_text(json.dumps([task() | {"data": {"image": "x", "name": name}}]))
    with pytest.raises(gr.Error) as caught, told():
        import_file(store, "p", tmp_path / "a.json", "label-studio")
    assert "The image &lt;img src=&amp;#x2f;&amp;#x2f;x.example&gt;.jpg is" in caught.value.message


def test_the_token_of_the_environment_goes_to_its_own_server_only(monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "secret")
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:8080/")
    assert connect("http://127.0.0.1:8080", "").url == "http://127.0.0.1:8080"
    for url, says in (("http://other:8080", "Type an access token"), ("", "Type the address")):
        with pytest.raises(ServerError, match=says):
            connect(url, "")
