"""The order in which one visitor corrects photos."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError
from annotation.tabs.photo_queue import PhotoQueue


def test_an_empty_queue_has_no_neighbours():
    queue = PhotoQueue()
    assert (queue.first(), queue.neighbour(None, forward=True), queue.position(3)) == (None, None, None)


def test_neighbours_and_positions():
    queue = PhotoQueue(ids=[5, 3, 8])
    assert queue.first() == 5
    assert [queue.neighbour(image_id, forward=True) for image_id in (5, 3, 8)] == [3, 8, None]
    assert [queue.neighbour(image_id, forward=False) for image_id in (5, 3, 8)] == [None, 5, 3]
    assert [queue.position(image_id) for image_id in (5, 8, 9, None)] == [0, 2, None, None]


def test_refresh_follows_order_and_states(store, put):
    first, second = put(1), put(2)
    store.set_state(second, "done", "ann")
    queue = PhotoQueue(order="oldest")
    queue.refresh(store, store.find_project("default"))
    assert queue.ids == [first]
    queue.states = ("new", "done")
    queue.refresh(store, store.find_project("default"))
    assert queue.ids == [first, second]
    queue.order = "?"
    with pytest.raises(AnnotationError, match="no order"):
        queue.refresh(store, store.find_project("default"))
