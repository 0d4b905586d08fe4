"""The bin and skipped photos."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError, Region
from annotation.review import STATES, StateError
from annotation.store.bin import (
    bin_size,
    count_words,
    delete_images,
    list_bin,
    restore_images,
    skip_image,
    skip_reasons,
    unskip_image,
)
from annotation.store.queue import ORDERS, progress, queue
from annotation.store.records import NotFoundError

BOX = [[1, 1], [50, 1], [50, 50]]


@pytest.fixture
def project(store, image_id) -> int:
    """With the photo `image_id`, which has one word."""
    store.save_regions(image_id, 0, [Region(BOX, "NOVA")], "ann")
    return store.find_project("p")


def test_nothing_to_delete(store):
    project = store.ensure_project("empty")
    assert delete_images(store, [], "ann") == delete_images(store, [77], "ann") == 0
    assert restore_images(store, [77], "ann") == 0
    assert (list_bin(store, project), bin_size(store, project), count_words(store, [])) == ([], 0, 0)


def test_a_deleted_photo_is_nowhere_but_in_the_bin(store, project, image_id, picture):
    other = store.add_image(project, picture(1), "other.jpg")[0]
    image = store.image(image_id)
    assert count_words(store, [image_id, other.id]) == 1
    assert delete_images(store, [image_id], "bob") == 1
    assert delete_images(store, [image_id], "bob") == 0  # it is there already
    for order in ORDERS:
        assert queue(store, project, order, STATES) == [other.id]
    assert progress(store, project).total == store.image_count(project) == 1
    assert store.image_list(project) == store.images_by_id([image_id, other.id]) == [other]
    assert store.unpredicted_images(project) == [other.id]
    assert store.find_image(image.sha256) is None
    for call in (
        lambda: store.image(image_id),
        lambda: store.open_image(image_id),
        lambda: store.save_regions(image_id, 1, [], "ann"),
        lambda: store.set_state(image_id, "done", "ann"),
        lambda: store.add_prediction(image_id, "m1", []),
    ):
        with pytest.raises(NotFoundError, match=r"bob has deleted the photo photo\.jpg.*bin"):
            call()
    (deleted,) = list_bin(store, project)
    assert (deleted.image.name, deleted.words, deleted.who) == ("photo.jpg", 1, "bob")
    assert bin_size(store, project) == 1
    assert list_bin(store, store.ensure_project("another")) == []


@pytest.mark.parametrize("state", STATES)
def test_a_restored_photo_is_as_it_was(store, project, image_id, state):
    for step in {"in work": [], "approved": ["done", "approved"], "new": []}.get(state, [state]):
        store.set_state(image_id, step, "ann", reason="blurred")
    before, history = store.open_image(image_id), store.history(image_id)
    for _ in range(2):
        delete_images(store, [image_id], "bob")
        assert restore_images(store, [image_id], "ann") == 1
    assert (store.open_image(image_id), store.history(image_id)) == (before, history)
    assert list_bin(store, project) == []
    assert [c.after for c in store.reviews(image_id)][-4:-1] == ["deleted", before.image.state, "deleted"]


def test_uploading_a_deleted_photo_brings_it_back(store, project, image_id, picture):
    delete_images(store, [image_id], "bob")
    image, added = store.add_image(project, picture(), "again.jpg", "ann")
    assert (image.id, image.name, added) == (image_id, "photo.jpg", True)
    assert [region.text for region in store.regions(image_id)] == ["NOVA"]
    assert store.reviews(image_id)[-1].who == "ann"
    another = store.ensure_project("another")
    assert store.add_image(another, picture())[1]  # a photo of its own


def test_many_photos_are_deleted_at_once(store, project, picture):
    ids = [store.add_image(project, picture(seed, (40, 20)))[0].id for seed in range(1, 5)]
    many = [*ids, *range(1000, 2000)]  # more than fit into one statement
    assert delete_images(store, many, "ann") == 4
    assert [deleted.image.id for deleted in list_bin(store, project)] == ids[::-1]
    assert [deleted.image.id for deleted in list_bin(store, project, limit=1)] == ids[-1:]
    assert restore_images(store, many, "ann") == 4


def test_a_photo_is_skipped_for_a_reason(store, project, image_id):
    for reason in ("", "  \n", "x" * 201, "bell\a"):
        with pytest.raises(AnnotationError, match="reason"):
            skip_image(store, image_id, reason, "ann")
    assert skip_image(store, image_id, " too  blurred ", "ann").state == "skipped"
    assert queue(store, project) == []
    assert queue(store, project, states=["skipped"]) == [image_id]
    counts = progress(store, project)
    assert (counts.skipped, counts.wanted, counts.total, counts.finished) == (1, 0, 1, 0)
    assert skip_reasons(store, [image_id, 77]) == {image_id: "too blurred"}
    assert store.reviews(image_id)[-1].reason == "too blurred"
    assert unskip_image(store, image_id, "bob").state == "in work"
    assert queue(store, project) == [image_id]
    assert skip_reasons(store, [image_id]) == {}


def test_a_new_photo_is_new_again(store, image_id):
    skip_image(store, image_id, "no text", "ann")
    assert unskip_image(store, image_id, "ann").state == "new"


def test_a_finished_photo_is_not_skipped(store, project, image_id):
    store.set_state(image_id, "done", "ann")
    with pytest.raises(StateError, match="done cannot become skipped"):
        skip_image(store, image_id, "no text", "ann")


def test_skipping_confirms_nothing(store, image_id):
    store.add_prediction(image_id, "m1", [Region(BOX, "model's")])
    skip_image(store, image_id, "no text", "ann")
    assert not store.regions(image_id)[0].locked
    store.add_prediction(image_id, "m2", [Region(BOX, "newer")])
    assert [region.text for region in store.regions(image_id)] == ["newer"]
    store.save_regions(image_id, 2, [Region(BOX, "ann's")], "ann")
    assert store.image(image_id).state == "in work"  # an edit reopens it
