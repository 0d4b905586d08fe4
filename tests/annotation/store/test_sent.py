"""Which images a Label Studio server has received."""

from __future__ import annotations

from annotation.store.sent import note_sent, sent_images


def test_none(store):
    note_sent(store, "http://server/1", [])
    assert sent_images(store, "http://server/1") == set()


def test_an_image_is_noted_once_per_project_of_a_server(store, image_id):
    for _ in range(2):
        note_sent(store, "http://server/1", [image_id, image_id])
    assert sent_images(store, "http://server/1") == {image_id}
    assert sent_images(store, "http://server/2") == set()
