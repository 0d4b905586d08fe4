"""Adding photos on the page."""

from __future__ import annotations

import pytest

from annotation.tabs.background import BackgroundReader
from annotation.tabs.panels.upload import report_rows
from annotation.upload import UploadReport


@pytest.fixture(autouse=True)
def _no_reading(monkeypatch):
    monkeypatch.setattr(BackgroundReader, "_run", lambda reader: None)


def test_a_report_without_files():
    assert report_rows(UploadReport())["head"] == "No files"


def test_refused_files_are_listed_with_the_reason(store, image_id):
    image = store.image(image_id)
    shown = report_rows(UploadReport([image], [image, image], [("a<b>.jpg", "It is no image.")]))
    assert shown["head"] == "1 added, 2 already in the project, 1 refused: a<b>.jpg: It is no image."
    assert shown["folds"]  # one line, so that the photo stays in sight
    assert [(row["title"], row["note"]) for row in shown["rows"]] == [("a<b>.jpg", "It is no image.")]


def test_added_photos_are_shown_and_the_panel_closes(open_tab, store, tmp_path, picture):
    (tmp_path / "photo.jpg").write_bytes(picture())
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    tab = open_tab()
    files = tab.find(elem_id="correct-files")
    tab.values[files] = [str(tmp_path / "photo.jpg"), str(tmp_path / "bad.jpg")]
    tab.trigger(files, "upload")
    assert [image.name for image in store.image_list(store.find_project("default"))] == ["photo.jpg"]
    assert tab.values[tab.find(elem_id="correct-report")]["head"].startswith("1 added, 1 refused: bad.jpg")
    assert tab.values[files] is None
    assert tab.title == r"**photo\.jpg** (1 of 1, new)"


def test_an_upload_without_files_changes_nothing(open_tab, store):
    tab = open_tab()
    tab.trigger(tab.find(elem_id="correct-files"), "upload")
    assert store.image_count(store.find_project("default")) == 0
