"""Predictions and suggestions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.region import AnnotationError, Region
from annotation.store.predictions import model_version
from annotation.store.records import NotFoundError
from spotter.types import Character


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text, score=0.9):
    characters = [Character(c, 0.7) for c in text]
    return Region(box(x, y), text, score=score, reading_score=0.8, characters=characters)


def texts(store, image_id):
    return [region.text for region in store.regions(image_id)]


def test_a_prediction_becomes_regions(store, image_id):
    assert store.predictions(image_id) == []
    assert store.corrections(image_id) == []
    assert store.add_prediction(image_id, "m1", [word(10, 10, "cat"), word(60, 10, "dog", 0.5)])
    assert not store.add_prediction(image_id, "m1", [])
    first, second = store.regions(image_id)
    assert (first.text, first.score, first.origin, first.locked) == ("cat", 0.9, "model", False)
    assert [c.text for c in first.characters] == ["c", "a", "t"]
    assert store.image(image_id).state == "new"
    assert 0 < store.image(image_id).uncertainty < 1
    (prediction,) = store.predictions(image_id)
    assert (prediction.model_version, prediction.regions) == ("m1", [first, second])
    assert [c.kinds for c in store.corrections(image_id)] == [(), ()]


def test_a_prediction_without_words(store, image_id):
    assert store.add_prediction(image_id, "m1", [])
    assert store.regions(image_id) == []
    assert store.image(image_id).uncertainty == 0


def test_a_newer_model_never_overwrites_a_person(store, image_id):
    store.add_prediction(image_id, "m1", [word(10, 10, "cat"), word(60, 10, "dog"), word(110, 10, "cow")])
    cat, dog, _ = store.regions(image_id)
    mine = replace(cat, text="CAT")
    store.save_regions(image_id, 1, [mine, dog], "ann")  # cow removed
    newer = [word(11, 10, "car"), word(60, 10, "dig"), word(110, 10, "cow"), word(150, 60, "new")]
    assert store.add_prediction(image_id, "m2", newer)
    kept = {region.text: region for region in store.regions(image_id)}
    assert set(kept) == {"CAT", "dig", "new"}  # dog was not edited; what was removed is not added again
    assert kept["CAT"].id == cat.id
    suggested = {s.region.text: s.replaces for s in store.suggestions(image_id)}
    assert suggested == {"car": cat.id, "cow": None}
    assert {s.model_version for s in store.suggestions(image_id)} == {"m2"}


def test_an_identical_prediction_is_no_suggestion(store, image_id):
    store.save_regions(image_id, 0, [Region(box(10, 10), "cat")], "ann")
    store.add_prediction(image_id, "m1", [word(10, 10, "cat")])
    assert store.suggestions(image_id) == []
    assert texts(store, image_id) == ["cat"]


@pytest.mark.parametrize("state", ["done", "approved"])
def test_done_images_get_suggestions_only(store, image_id, state):
    store.set_state(image_id, "done", "ann")
    if state == "approved":
        store.set_state(image_id, state, "bob")
    store.add_prediction(image_id, "m1", [word(10, 10, "cat")])
    assert store.regions(image_id) == []
    assert [s.region.text for s in store.suggestions(image_id)] == ["cat"]
    assert store.image(image_id).state == state


def test_suggestions_are_accepted_or_dismissed(store, image_id):
    mine = Region(box(10, 10), "cat", illegible=True)
    store.save_regions(image_id, 0, [mine], "ann")
    store.set_state(image_id, "done", "ann")
    store.add_prediction(image_id, "m1", [word(11, 11, "car"), word(60, 10, "new"), word(100, 60, "no")])
    car, new, no = store.suggestions(image_id)
    with pytest.raises(AnnotationError, match="in the meantime"):
        store.accept_suggestion(image_id, 0, car.id, "bob")
    version = store.accept_suggestion(image_id, 1, car.id, "bob")
    version = store.accept_suggestion(image_id, version, new.id, "bob")
    store.dismiss_suggestion(image_id, no.id)
    assert store.suggestions(image_id) == []
    first, second = store.regions(image_id)
    assert (first.id, first.text, first.polygon, first.illegible) == (mine.id, "car", box(11, 11), False)
    assert (second.text, second.locked) == ("new", True)
    assert store.image(image_id).state == "in work"
    for call in (
        lambda: store.dismiss_suggestion(image_id, no.id),
        lambda: store.accept_suggestion(image_id, version, car.id, "x"),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_a_newer_prediction_outdates_suggestions(store, image_id):
    store.set_state(image_id, "done", "ann")
    store.add_prediction(image_id, "m1", [word(10, 10, "old")])
    store.add_prediction(image_id, "m2", [word(10, 10, "new")])
    assert [s.region.text for s in store.suggestions(image_id)] == ["new"]
    assert [p.model_version for p in store.predictions(image_id)] == ["m1", "m2"]


def test_model_versions():
    assert model_version({}) == "spotter"
    assert model_version({"name": "nano"}) == "nano"
    assert model_version({"name": "nano", "sha256": "0123456789abcdef"}) == "nano-01234567"
