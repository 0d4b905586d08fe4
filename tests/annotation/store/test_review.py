"""Review states in the store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.region import AnnotationError, Region
from annotation.review import STATES, StateError
from spotter.types import Character


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text, score=0.9):
    characters = [Character(c, 0.7) for c in text]
    return Region(box(x, y), text, score=score, reading_score=0.8, characters=characters)


@pytest.mark.parametrize("source", STATES)
@pytest.mark.parametrize("target", STATES)
def test_transitions(store, image_id, source, target):
    paths = {"new": [], "approved": ["done", "approved"]}
    for state in paths.get(source, [source]):
        store.set_state(image_id, state, "ann")
    allowed = {
        ("new", "in work"),
        ("new", "done"),
        ("new", "skipped"),
        ("in work", "skipped"),
        ("skipped", "new"),
        ("skipped", "in work"),
        ("in work", "done"),
        ("done", "in work"),
        ("done", "approved"),
        ("approved", "in work"),
    }
    if source == target or (source, target) in allowed:
        assert store.set_state(image_id, target, "ann").state == target
    else:
        with pytest.raises(StateError, match=target):
            store.set_state(image_id, target, "ann")
        assert store.image(image_id).state == source


def test_an_edit_reopens_an_image(store, image_id):
    with pytest.raises(StateError, match="no state"):
        store.set_state(image_id, "finished", "ann")
    store.add_prediction(image_id, "m1", [word(1, 1, "a")])
    with pytest.raises(AnnotationError, match="in the meantime"):
        store.set_state(image_id, "done", "ann", version=0)
    store.set_state(image_id, "done", "ann", version=1)
    (region,) = store.regions(image_id)
    assert region.locked  # confirmed
    store.save_regions(image_id, 1, [replace(region, text="b")], "bob")
    assert store.image(image_id).state == "in work"
