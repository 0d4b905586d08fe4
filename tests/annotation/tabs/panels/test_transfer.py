"""Import and export on the page, and bad files of every kind."""

from __future__ import annotations

import json
import re
import zipfile

import gradio as gr
import pytest

from annotation.formats import EXPORTS, FORMATS, FormatError
from annotation.region import MAX_REGIONS, Region
from annotation.store.project_changes import rename_project
from annotation.store.store import Store
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.panels import transfer
from annotation.tabs.panels.transfer import DETECT, export_file, import_file

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


@pytest.mark.parametrize("is_named", [True, False], ids=["format is named", "format is detected"])
@pytest.mark.parametrize("format_name", sorted(EXPORTS.keys() & FORMATS.keys()))
def test_an_exported_archive_can_be_imported_into_an_empty_database(
    store, project, other, picture, tmp_path, format_name, is_named
):
    file, lines = export_file(store, project, format_name, tmp_path)
    assert lines[0] == "images: 1, regions: 1"
    if format_name == "csv":  # without the photos
        other.add_image(other.ensure_project("there"), picture(), "photo.jpg")
    lines = import_file(other, "there", file, format_name if is_named else DETECT)
    assert lines[0] in ("images: 1 added, 0 already there", "images: 0 added, 1 already there")
    (image,) = other.image_list(other.find_project("there"))
    (region,) = other.regions(image.id)
    assert (region.text, region.polygon) == ("Café", BOX)


@pytest.mark.parametrize("format_name", EXPORTS)
def test_the_file_is_named_after_project_format_and_date(store, image_id, tmp_path, format_name):
    store.set_state(image_id, "done", "ann")
    project = store.find_project("p")
    rename_project(store, project, "Straße / № 7 " + "咖" * 100)
    file, _ = export_file(store, project, format_name, tmp_path)
    ending = "csv" if format_name == "csv" else "zip"
    assert re.fullmatch(rf"Straße-7-咖+-{format_name}-\d{{4}}-\d\d-\d\d\.{ending}", file.name)
    assert len(file.name.encode()) < 255
    if ending == "zip":
        with zipfile.ZipFile(file) as opened:
            assert {name.partition("/")[0] for name in opened.namelist()} == {file.stem}


def test_the_folder_in_the_archive_is_the_one_that_ppocrlabel_expects(store, project, tmp_path):
    file, _ = export_file(store, project, "ppocrlabel", tmp_path)
    with zipfile.ZipFile(file) as opened:
        labels = opened.read(f"{file.stem}/Label.txt").decode()
    assert labels.startswith(f"{file.stem}/photo.jpg\t")


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
    "points outside": (with_points([5, 10], [130, 10], [30, 30]), "outside the image"),
    "NaN": (
        json.dumps(with_points([5, 10], [5.5, 10], [30, 30])).replace("5.5", "NaN"),
        "contains NaN",
    ),
    "10,000 regions": (MANY, f"at most {MAX_REGIONS}"),
    "wrong hash": (task() | {"data": {"image": "photo.jpg", "sha256": "0" * 64}}, "its hash differs"),
    "missing image": (task() | {"data": {"image": "nowhere.jpg"}}, "neither in the project nor next to"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("packed", [False, True])
def test_a_bad_file_gives_one_sentence_and_changes_nothing(store, project, tmp_path, kind, packed):
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


def test_a_folder_in_the_archive_and_another_file_name_are_found(store, project, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as opened:
        opened.writestr("__MACOSX/._export", "")
        opened.writestr("export/project-1.json", json.dumps([task()]))
    assert (
        import_file(store, "p", tmp_path / "in.zip", "label-studio")[0] == "images: 0 added, 1 already there"
    )
    with pytest.raises(FormatError, match=r"has no annotations.json|not a COCO file"):
        import_file(store, "p", archive(tmp_path / "two.zip", a_json="[]", b_json="[]"), "coco")
    with pytest.raises(FormatError, match="no format"):
        import_file(store, "p", tmp_path / "in.zip", "../label-studio")


def test_a_name_from_a_file_is_escaped(store, project, tmp_path):
    name = "<img src=&#x2f;&#x2f;x.example>.jpg"
    (tmp_path / "a.json").write_text(json.dumps([task() | {"data": {"image": "x", "name": name}}]))
    with pytest.raises(gr.Error) as caught, errors_as_messages():
        import_file(store, "p", tmp_path / "a.json", "label-studio")
    assert "The image &lt;img src=&amp;#x2f;&amp;#x2f;x.example&gt;.jpg is" in caught.value.message


@pytest.fixture
def tab(open_tab, put):
    """With one photo, in work by "before"."""
    put(1, Region(BOX, "Café", "r1"))
    return open_tab()


def report(tab) -> tuple[str, list[str]]:
    """Head and lines."""
    value = tab.values[tab.find(named="Import/export report")]
    return value["head"], [row["title"] for row in value["rows"]]


def import_into(tab, file) -> None:
    upload = tab.find(elem_id="correct-import")
    tab.values[upload] = str(file)
    tab.trigger(upload, "upload")
    assert tab.values[upload] is None


def test_export_and_import_on_the_page(tab, store, tmp_path):
    tab.click("Export the project")
    assert report(tab) == ("Export as Label Studio: done", ["images: 1, regions: 1"])
    exported = tab.props[tab.find(label="Exported file")]
    assert exported["visible"]
    file, _ = export_file(store, store.find_project("default"), "label-studio", tmp_path)
    project = tab.find(elem_id="correct-project-name")
    tab.values[project] = "second"
    tab.trigger(project, "input")
    tab.click("Create it")
    import_into(tab, file)
    assert [region["text"] for region in tab.values[tab.editor]["regions"]] == ["Café"]


def test_the_report_stays_until_the_next_which_replaces_it_even_if_refused(tab, tmp_path):
    tab.click("Export the project")
    import_into(tab, archive(tmp_path / "bad.zip", a_txt="hello", b_txt="hello"))
    head, (line,) = report(tab)
    assert head == "Import of bad.zip: refused"
    assert line.startswith("bad.zip is a folder with .txt files, which is no known form")
    assert str(tmp_path) not in line
    tab.click("Push to the server")
    assert report(tab) == (
        "Push to the server: refused",
        ["Enter the address of the Label Studio server."],
    )


def test_filters_on_the_page(tab, store):
    box, person = tab.find(elem_id="correct-transfer"), tab.find(label="Only by")
    tab.trigger(box, "expand")
    assert tab.props[person]["choices"] == [("Anyone", ""), "before"]
    tab.values[person] = "before"
    tab.values[tab.find(label="Only photos that are")] = ["in work"]
    tab.click("Export the project")
    _, lines = report(tab)
    assert lines[1] == "only images that are: in work, last changed or marked as done by before"
    assert tab.props[tab.find(label="Exported file")]["visible"]
    tab.values[tab.find(label="Only changed since (UTC)")] = "2999-01-01"
    tab.click("Export the project")
    head, (line,) = report(tab)
    assert head == "Export as Label Studio: refused"
    assert line.startswith("No image fits the filter (in work, last changed")
    assert not tab.props[tab.find(label="Exported file")]["visible"]


def test_each_format_says_what_it_is_for(tab):
    chosen = tab.find(label="Export format")
    tab.values[chosen] = "crops"
    tab.trigger(chosen, "input")
    assert tab.props[chosen]["info"] == EXPORTS["crops"].purpose()
    assert all(form.purpose().endswith(".") for form in EXPORTS.values())


def test_only_annotation_file_of_an_archive_is_detected_by_its_content(store, image_id, tmp_path):
    name = store.image_list(store.find_project("p"))[0].name
    tasks = json.dumps([task() | {"data": {"image": name}}])
    file = archive(tmp_path / "a.zip", another_json=tasks)
    lines = import_file(store, "p", file, DETECT)
    assert lines[0] == "images: 0 added, 1 already there"


def test_archive_of_unknown_form_is_refused_with_the_known_ones(store, tmp_path):
    with pytest.raises(FormatError, match="Label Studio tasks"):
        import_file(store, "p", archive(tmp_path / "a.zip", notes_txt="hello"), DETECT)


def test_a_large_annotation_file_is_for_the_command_line(store, tmp_path, monkeypatch):
    (tmp_path / "tasks.json").write_text("[]" + " " * 20)
    with pytest.raises(FormatError, match="no tasks"):
        import_file(store, "p", tmp_path / "tasks.json", "label-studio")
    monkeypatch.setattr(transfer, "MAX_ANNOTATIONS", 10)
    with pytest.raises(FormatError, match="on the command line"):
        import_file(store, "p", tmp_path / "tasks.json", "label-studio")
