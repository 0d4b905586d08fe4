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


def test_after_a_promotion_what_people_still_work_on_is_read_again(store, image_id, reader, loader, picture):
    project = store.find_project("p")
    done, touched = (store.add_image(project, picture(seed), f"{seed}.jpg")[0].id for seed in (1, 2))
    reader.add([image_id, done, touched])
    wait_until_read(reader)
    store.set_state(done, "done", "ann")
    word = {"polygon": [[1, 1], [50, 1], [50, 20], [1, 20]], "text": "NOVA"}
    store.save_regions(touched, store.image(touched).version, [word], "ann")
    loader.follow(lambda: ("p-round-1", loader.weights))
    reader.read_again()
    wait_until_read(reader)
    versions = {i: store.predictions(i)[-1].model_version for i in (image_id, done, touched)}
    assert versions.pop(done).startswith("tiny-")
    assert set(versions.values()) == {"p-round-1"}
    assert "NOVA" in [region.text for region in store.regions(touched)]  # beside what people did, not over it
