"""Reading new photos while people work."""

from __future__ import annotations

import time

import pytest

from annotation.tabs.background import BackgroundReader


@pytest.fixture
def reader(store, loader) -> BackgroundReader:
    return BackgroundReader(store, loader)


def wait_until_read(reader: BackgroundReader) -> None:
    give_up = time.monotonic() + 60
    while reader.progress.is_busy and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not reader.progress.is_busy


def test_nothing_to_read(reader):
    reader.add([])
    assert not reader.progress.is_busy


def test_a_photo_is_read_once(store, image_id, reader):
    reader.add([image_id, image_id])
    wait_until_read(reader)
    assert (reader.progress.done, reader.progress.problem) == (1, "")
    (prediction,) = store.predictions(image_id)
    assert prediction.model_version.startswith("tiny-")
    assert store.image(image_id).uncertainty is not None


def test_add_unread_takes_photos_without_a_prediction_of_the_version(store, image_id, reader):
    project = store.find_project("p")
    reader.add_unread(project)
    wait_until_read(reader)
    assert reader.progress.total == 1
    (prediction,) = store.predictions(image_id)
    for version in (None, prediction.model_version):
        reader.add_unread(project, version)
        assert not reader.progress.is_busy
    reader.add_unread(project, "other weights")
    wait_until_read(reader)
    assert len(store.predictions(image_id)) == 1  # the weights of the app have a prediction already


def test_a_photo_that_cannot_be_read_does_not_stop_the_others(store, image_id, reader):
    reader.add([image_id + 7, image_id])
    wait_until_read(reader)
    assert reader.progress.done == 2
    assert reader.progress.problem == "There is no such image."
    assert len(store.predictions(image_id)) == 1
