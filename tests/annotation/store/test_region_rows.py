"""Saving regions, and the record of their changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.region import Region, RegionError
from spotter.types import Character


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text, score=0.9):
    characters = [Character(c, 0.7) for c in text]
    return Region(box(x, y), text, score=score, reading_score=0.8, characters=characters)


def texts(store, image_id):
    return [region.text for region in store.regions(image_id)]


def test_saving_and_history(store, image_id):
    assert store.open_image(image_id).regions == []
    assert store.save_regions(image_id, 0, [], "ann") == 0
    assert store.image(image_id).state == "new"
    first = Region(box(10, 10), "one")
    assert store.save_regions(image_id, 0, [first], "ann") == 1
    assert store.save_regions(image_id, 1, [first], "ann") == 1  # nothing changed, no version
    second = Region(box(50, 10), "two")
    assert store.save_regions(image_id, 1, [second.to_json(), first.to_json() | {"text": "ONE"}], "bob") == 2
    assert texts(store, image_id) == ["two", "ONE"]
    assert store.save_regions(image_id, 2, [replace(first, text="ONE")], "cid") == 3
    history = [
        (r.version, r.who, r.before and r.before.text, r.after and r.after.text)
        for r in store.history(image_id)
    ]
    assert history == [
        (1, "ann", None, "one"),
        (2, "bob", None, "two"),
        (2, "bob", "one", "ONE"),
        (3, "cid", "two", None),
    ]
    assert [r.version for r in store.history(image_id, first.id)] == [1, 2]
    image = store.image(image_id)
    assert (image.state, image.version, image.changed_by) == ("in work", 3, "cid")
    assert image.changed_at.utcoffset().total_seconds() == 0
    assert all(region.locked for region in store.regions(image_id))


def test_a_new_order_is_saved_without_history(store, image_id):
    a, b = Region(box(10, 10), "a"), Region(box(50, 10), "b")
    version = store.save_regions(image_id, 0, [a, b], "ann")
    assert store.save_regions(image_id, version, [b, a], "ann") == version + 1
    assert texts(store, image_id) == ["b", "a"]
    assert len(store.history(image_id)) == 2


def test_an_invalid_region_changes_nothing(store, image_id):
    store.save_regions(image_id, 0, [Region(box(1, 1), "a")], "ann")
    with pytest.raises(RegionError, match="Region 2"):
        store.save_regions(image_id, 1, [Region(box(1, 1), "b"), {"polygon": [[float("nan"), 1]] * 3}], "ann")
    assert texts(store, image_id) == ["a"]
    assert store.image(image_id).version == 1
    assert store.drafts() == []


def test_a_client_cannot_change_the_score_and_the_origin(store, image_id):
    store.add_prediction(image_id, "m1", [word(10, 10, "a")])
    (region,) = store.regions(image_id)
    store.save_regions(
        image_id, 1, [replace(region, score=0.1, origin="person", locked=True, difficult=True)], "ann"
    )
    (kept,) = store.regions(image_id)
    assert (kept.score, kept.origin, kept.difficult, kept.locked) == (0.9, "model", True, True)


def test_kinds_of_corrections(store, image_id):
    store.add_prediction(
        image_id, "m1", [word(x, 10, t) for x, t in ((10, "a"), (40, "b"), (70, "c"), (100, "d"))]
    )
    a, b, c, d = store.regions(image_id)
    version = store.image(image_id).version
    mine = Region(box(150, 50), "mine")
    corrected = [a, replace(b, text="B"), replace(c, polygon=box(70, 30)), mine]
    store.save_regions(image_id, version, corrected, "ann")
    found = {r.region_id: r.kinds for r in store.history(image_id) if r.source == "person"}
    assert found == {b.id: ("text",), c.id: ("shape",), d.id: ("false",), mine.id: ("missed",)}
    assert {r.region_id: r.kinds for r in store.corrections(image_id, "m1")} == found | {a.id: ()}
    assert store.corrections(image_id, "m2") == []
    kept = {region.id: region for region in store.regions(image_id)}
    assert [kept[r.id].locked for r in (a, b, c)] == [False, True, True]
    assert (kept[b.id].score, kept[b.id].reading_score, kept[b.id].characters) == (0.9, None, [])
    assert kept[c.id].characters == c.characters
