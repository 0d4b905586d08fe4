"""Conflicting edits and drafts."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from annotation.region import AnnotationError, Region
from annotation.store.records import NotFoundError, VersionConflict
from annotation.store.store import Store
from spotter.types import Character


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def texts(store, image_id):
    return [region.text for region in store.regions(image_id)]


def test_a_conflicting_edit_becomes_a_draft(store, image_id):
    store.save_regions(image_id, 0, [Region(box(1, 1), "ann's")], "ann")
    bobs = Region(box(1, 1), "bob's")
    with pytest.raises(VersionConflict, match="ann") as caught:
        store.save_regions(image_id, 0, [bobs], "bob")
    assert (caught.value.who, caught.value.version) == ("ann", 1)
    assert texts(store, image_id) == ["ann's"]
    (draft,) = store.open_image(image_id).drafts
    assert (draft.id, draft.who, draft.base_version) == (caught.value.draft_id, "bob", 0)
    assert draft.regions == [bobs]
    with pytest.raises(VersionConflict):
        store.save_regions(image_id, 0, [bobs], "bob")
    assert store.drafts() == [draft]  # saved once
    with pytest.raises(AnnotationError, match="review it again"):
        store.apply_draft(draft.id, 0, "bob")
    assert store.apply_draft(draft.id, 1, "bob") == 2
    assert texts(store, image_id) == ["bob's"]
    assert store.drafts() == []
    with pytest.raises(NotFoundError):
        store.discard_draft(draft.id)
    assert "ann's" in [r.before.text for r in store.history(image_id) if r.before]


def test_the_same_edit_twice_is_no_conflict(store, image_id):
    """The response to the first one may have been lost."""
    regions = [Region(box(1, 1), "a")]
    assert store.save_regions(image_id, 0, regions, "ann") == 1
    assert store.save_regions(image_id, 0, regions, "ann") == 1
    assert store.drafts() == []


def test_of_concurrent_edits_one_is_saved_and_the_others_are_drafts(store, image_id, database):
    with Store(database) as other:
        outcomes = []

        def edit(who):
            try:
                (store, other)[who % 2].save_regions(image_id, 0, [Region(box(1, 1), str(who))], str(who))
                outcomes.append("saved")
            except VersionConflict:
                outcomes.append("draft")

        threads = [threading.Thread(target=edit, args=(i,)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["draft"] * 11 + ["saved"]
    kept = {draft.regions[0].text for draft in store.drafts(image_id)} | set(texts(store, image_id))
    assert kept == {str(i) for i in range(12)}


def test_a_merged_draft_keeps_the_edits_of_others(store, image_id):
    a, b = Region(box(1, 1), "a"), Region(box(50, 1), "b")
    store.save_regions(image_id, 0, [a, b], "ann")
    store.save_regions(image_id, 1, [replace(a, text="A"), b], "ann")
    with pytest.raises(VersionConflict) as caught:
        store.save_regions(image_id, 1, [a, replace(b, text="B")], "bob")
    store.apply_draft(caught.value.draft_id, 2, "bob", join=True)
    assert texts(store, image_id) == ["A", "B"]


def test_earlier_regions_are_recognised(store, image_id):
    a, b = Region(box(1, 1), "a"), Region(box(50, 1), "b")
    versions = [[a], [replace(a, text="A"), b], [b]]
    for version, regions in enumerate(versions):
        store.save_regions(image_id, version, regions, "ann")
    assert [store.was_ever_current(image_id, regions) for regions in versions] == [True] * 3
    assert not store.was_ever_current(image_id, [])  # the empty first version does not count
    assert not store.was_ever_current(image_id, [a, b])
    assert [store.was_ever_current(image_id, regions, since=2) for regions in versions] == [False, True, True]


def test_resolved_drafts_are_recognised(store, image_id):
    store.save_regions(image_id, 0, [Region(box(1, 1), "a")], "ann")
    rejected = [Region(box(1, 1), "b")]
    with pytest.raises(VersionConflict) as caught:
        store.save_regions(image_id, 0, rejected, "bob")
    assert not store.was_ever_current(image_id, rejected)
    store.discard_draft(caught.value.draft_id)
    assert store.was_ever_current(image_id, rejected)


def test_all_regions_come_back_in_their_order(store, image_id):
    a, b, c = (Region(box(x, 1), name) for x, name in ((1, "a"), (50, "b"), (90, "c")))
    store.save_regions(image_id, 0, [a, b, c], "ann")
    store.save_regions(image_id, 1, [], "bob")
    assert store.restore_version(image_id, 1, 2, "ann") == 3
    assert texts(store, image_id) == ["a", "b", "c"]
    assert [r.who for r in store.history(image_id) if r.version == 3] == ["ann"] * 3
    assert store.restore_version(image_id, 1, 3, "ann") == 3  # nothing to change
    assert store.restore_version(image_id, 0, 3, "ann") == 4
    assert texts(store, image_id) == []


def test_a_region_comes_back_without_the_others(store, image_id):
    a, b = Region(box(1, 1), "a"), Region(box(50, 1), "b")
    store.save_regions(image_id, 0, [a, b], "ann")
    store.save_regions(image_id, 1, [replace(a, text="A"), replace(b, text="B")], "bob")
    store.set_state(image_id, "done", "bob")
    store.restore_version(image_id, 1, 2, "ann", [a.id])
    assert texts(store, image_id) == ["a", "B"]
    assert store.image(image_id).state == "in work"  # as after any edit
    store.save_regions(image_id, 3, [store.regions(image_id)[1]], "bob")
    store.restore_version(image_id, 3, 4, "ann", [a.id])
    assert texts(store, image_id) == ["B", "a"]
    store.restore_version(image_id, 4, 5, "ann", [a.id])  # it had been deleted then
    assert texts(store, image_id) == ["B"]
    assert store.restore_version(image_id, 1, 6, "ann", ["unknown"]) == 6


def test_what_the_model_read_comes_back_with_its_scores(store, image_id):
    read = Region(box(1, 1), "ab", score=0.9, reading_score=0.8, characters=[Character("ab", 0.8)])
    store.add_prediction(image_id, "m1", [read])
    (region,) = store.regions(image_id)
    store.save_regions(image_id, 1, [replace(region, text="typed")], "ann")
    store.restore_version(image_id, 1, 2, "ann")
    assert store.regions(image_id) == [replace(region, locked=True)]


def test_a_restoration_overwrites_no_newer_edit(store, image_id):
    store.save_regions(image_id, 0, [Region(box(1, 1), "a")], "ann")
    store.save_regions(image_id, 1, [Region(box(1, 1), "b")], "bob")
    with pytest.raises(AnnotationError, match="bob has changed this image"):
        store.restore_version(image_id, 1, 1, "ann")
    with pytest.raises(NotFoundError):
        store.restore_version(77, 1, 1, "ann")
    assert texts(store, image_id) == ["b"]
