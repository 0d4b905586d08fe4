"""Open suggestions and drafts below the editor."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError, Region
from annotation.store.records import VersionConflict
from annotation.tabs.panels.suggestions import decide, suggestion_rows
from spotter.types import Word

BOX = [[10.0, 10.0], [160.0, 10.0], [160.0, 60.0], [10.0, 60.0]]


def word(text: str, polygon=BOX) -> Word:
    (left, top), (right, bottom) = polygon[0], polygon[2]
    return Word("w0", polygon, [left, top, right, bottom], text, 0.9, 0.8, [])


@pytest.fixture
def draft_id(store, session) -> int:
    """A draft of ann's, as bob saved first."""
    store.save_regions(session.image.id, 0, [Region(BOX, "first", "a")], "bob")
    with pytest.raises(VersionConflict) as conflict:
        store.save_regions(session.image.id, 0, [Region(BOX, "second", "b")], "ann")
    return conflict.value.draft_id


def test_nothing_to_decide(store, session):
    assert suggestion_rows(store, session.image.id) == {"rows": [], "head": ""}


def test_a_draft_is_listed_until_it_is_decided(store, session, draft_id):
    image_id = session.image.id
    (row,) = suggestion_rows(store, image_id)["rows"]
    assert row["key"] == f"draft:{draft_id}"
    assert row["title"] == "Another version by ann: 1 word"
    session.draft_id, session.conflict = draft_id, "bob changed it"
    decide(session, (row["key"], "use"))
    assert [region.text for region in store.regions(image_id)] == ["second"]
    assert suggestion_rows(store, image_id)["rows"] == []
    assert (session.draft_id, session.conflict) == (None, "")


@pytest.mark.parametrize(("action", "texts"), [("join", {"first", "second"}), ("drop", {"first"})])
def test_a_draft_is_joined_or_dropped(store, session, draft_id, action, texts):
    decide(session, (f"draft:{draft_id}", action))
    assert {region.text for region in store.regions(session.image.id)} == texts
    assert store.drafts(session.image.id) == []


@pytest.mark.parametrize("key", ["draft:99", "draft:x", "other:1", "word:x", ""])
def test_unknown_keys_are_refused(session, draft_id, key):
    with pytest.raises(AnnotationError):
        decide(session, (key, "use"))
    with pytest.raises(AnnotationError):
        decide(session, None)


@pytest.mark.parametrize(("action", "count"), [("use", 2), ("drop", 1)])
def test_a_new_word_of_a_model_is_accepted_or_dismissed(store, session, action, count):
    image_id = session.image.id
    store.save_regions(image_id, 0, [Region(BOX, "mine", "a")], "ann")
    store.set_state(image_id, "done", "ann")
    elsewhere = [[10.0, 70.0], [60.0, 70.0], [60.0, 90.0], [10.0, 90.0]]
    store.add_prediction(image_id, "nano-2", [word("mine"), word("new", elsewhere)])
    (row,) = suggestion_rows(store, image_id)["rows"]
    assert (row["title"], row["note"]) == ("new", "nano-2 suggests a new word (confidence 90%)")
    decide(session, (row["key"], action))
    assert len(store.regions(image_id)) == count
    assert store.suggestions(image_id) == []


def test_texts_suggested_for_existing_words_are_not_listed(store, session):
    store.save_regions(session.image.id, 0, [Region(BOX, "mine", "a")], "ann")
    store.add_prediction(session.image.id, "nano-2", [word("wine")])
    assert suggestion_rows(store, session.image.id)["rows"] == []
