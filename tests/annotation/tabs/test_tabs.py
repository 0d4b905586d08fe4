"""Parts of the Correct tab without a page."""

from __future__ import annotations

import time

import gradio as gr
import pytest

from annotation.region import AnnotationError, Region
from annotation.store.database import parse_url, user_url
from annotation.store.queue import progress
from annotation.store.records import VersionConflict
from annotation.tabs.background import BackgroundReader
from annotation.tabs.error_messages import plain, told
from annotation.tabs.panels.listing import Listing, sentences
from annotation.tabs.panels.queue import progress_bar, queue_rows, title
from annotation.tabs.panels.suggestions import Waiting
from annotation.tabs.recognition import read_shapes, reread
from annotation.tabs.session import Desk
from annotation.tabs.thumbnails import thumbnail
from spotter.tabs.shared.loading import Loader

BOX = [[10.0, 10.0], [160.0, 10.0], [160.0, 60.0], [10.0, 60.0]]
THIN = [[10.0, 10.0], [10.2, 10.0], [10.2, 60.0]]


@pytest.fixture
def loader(tiny_file) -> Loader:
    return Loader(str(tiny_file), "cpu")


@pytest.fixture
def desk(store, image_id) -> Desk:
    desk = Desk(store, store.project("p"), "ann")
    desk.refresh()
    desk.open(image_id)
    return desk


def wait_until_read(reader: BackgroundReader) -> None:
    give_up = time.monotonic() + 60
    while reader.state.is_busy and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not reader.state.is_busy


def test_new_photos_are_read_once_and_older_ones_with_other_weights(store, image_id, loader):
    reader = BackgroundReader(store, loader)
    reader.add([])
    assert not reader.state.is_busy
    reader.add([image_id, image_id])
    wait_until_read(reader)
    assert (reader.state.done, reader.state.problem) == (1, "")
    (prediction,) = store.predictions(image_id)
    assert prediction.model_version.startswith("tiny-")
    assert store.image(image_id).uncertainty is not None
    reader.add_unread(store.find_project("p"))
    assert not reader.state.is_busy
    reader.add_unread(store.find_project("p"), prediction.model_version)
    assert not reader.state.is_busy
    reader.add_unread(store.find_project("p"), "other weights")
    wait_until_read(reader)
    assert len(store.predictions(image_id)) == 1  # these weights had spoken


def test_a_photo_that_cannot_be_read_does_not_stop_the_others(store, image_id, loader):
    reader = BackgroundReader(store, loader)
    reader.add([image_id + 7, image_id])
    wait_until_read(reader)
    assert reader.state.done == 2
    assert reader.state.problem == "There is no such image."
    assert len(store.predictions(image_id)) == 1


def test_a_drawn_region_is_read_and_a_thin_one_left_out(store, desk, loader, tiny_spotter):
    image = store.image_path(desk.image)
    readings = read_shapes(tiny_spotter, image, {"thin": THIN, "box": BOX})
    assert list(readings) == ["box"]
    reader = BackgroundReader(store, loader)
    assert reread(desk, loader, reader.model) is None
    desk.unread = {"box": BOX}
    image_id, items = reread(desk, loader, reader.model)
    assert image_id == str(desk.image.id)
    assert all(0 <= item["score"] <= 1 and item["points"] == BOX for item in items)
    assert [item["text"] for item in items] == [readings["box"].text]


def test_the_queue_shows_where_one_is(store, desk, picture):
    project = store.project("p")
    store.add_image(project, picture(3), "other.jpg")
    desk.refresh()
    shown = queue_rows(desk)
    assert len(shown["rows"]) == 2
    assert shown["current"] == str(desk.image.id)
    assert shown["rows"][0]["picture"].startswith("data:image/jpeg")
    assert title(desk).endswith("of 2, new")
    assert "0 of 2 done" in progress_bar(progress(store, project))
    assert progress_bar(progress(store, store.project("empty"))) == ""
    desk.open(None)
    assert (title(desk), queue_rows(desk)["current"]) == ("", "")
    assert thumbnail(store.images.folder / "gone.jpg") == ""


def test_what_waits_is_listed_and_decided(store, desk):
    store.save_regions(desk.image.id, 0, [Region(BOX, "first", "a")], "bob")
    with pytest.raises(VersionConflict):
        store.save_regions(desk.image.id, 0, [Region(BOX, "second", "b")], "ann")
    waiting = object.__new__(Waiting)
    (row,) = waiting.rows(store.open_image(desk.image.id))["rows"]
    assert row["title"] == "Another version by ann: 1 words"
    for picked in (None, ("draft:99", "use"), ("other:1", "use"), ("draft:x", "use"), ("word:x", "use")):
        with pytest.raises(AnnotationError):
            waiting.decide(desk, picked)
    waiting.decide(desk, (row["key"], "use"))
    assert [region.text for region in store.regions(desk.image.id)] == ["second"]
    assert waiting.rows(store.open_image(desk.image.id)) == {"rows": [], "head": ""}


def test_a_listing_hands_over_what_was_picked_alone():
    listing = Listing(label="Things")
    data = listing.postprocess(sentences(["<b>one</b>"]))
    assert data.rows[0].title == "<b>one</b>"
    assert listing.preprocess(data) is None
    assert listing.preprocess(data.model_copy(update={"picked": ["k" * 300, "fix"]})) == ("k" * 200, "fix")
    assert listing.postprocess(None).rows == []


def test_a_file_that_is_gone_is_told_in_one_sentence(tmp_path):
    with pytest.raises(gr.Error, match="could not be read or written: No such file"), told():
        (tmp_path / "gone.jpg").read_bytes()


def test_what_others_wrote_is_no_markdown():
    assert plain("a_b*c\n<img>") == r"a\_b\*c \<img\>"
    with pytest.raises(Exception, match="One sentence") as shown, told():
        raise AnnotationError("One sentence.")
    assert type(shown.value).__name__ == "Error"


def test_the_default_database_is_in_the_person_s_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = parse_url(user_url()).database
    assert path == str(tmp_path / "data/swintextspotter/annotation.db")
    assert (tmp_path / "data/swintextspotter").stat().st_mode & 0o077 == 0  # nobody else's business
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(AnnotationError, match="cannot be made"):
        user_url()
