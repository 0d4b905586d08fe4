"""What a page was sent, and edits of it; with a visitor around it, see test_session.py."""

from __future__ import annotations

import pytest

from annotation.region import RegionError
from annotation.store.records import VersionConflict
from annotation.tabs import sent_documents
from annotation.tabs.sent_documents import SentDocuments
from tests.annotation.tabs.test_session import drawn, texts


@pytest.fixture
def documents(store, image_id) -> SentDocuments:
    documents = SentDocuments(store)
    documents.add(store.open_image(image_id), 0)
    return documents


def edit(image_id: int, *regions: dict, version: int = 0, revision: int = 1) -> dict:
    return {
        "image_id": str(image_id),
        "version": version,
        "revision": revision,
        "regions": [*regions],
    }


def test_an_edit_without_regions_and_with_one(documents, store, image_id):
    assert documents.save(edit(image_id), "ann").after == []
    saved = documents.save(edit(image_id, drawn(), revision=2), "ann")
    assert (saved.before, [region.text for region in saved.after], saved.merged) == ([], ["mine"], False)
    assert documents.save(edit(image_id, drawn(), revision=2), "ann") is None


def test_an_image_that_is_sent_again_keeps_the_revision_of_its_newest_edit(documents, store, image_id):
    saved = documents.save(edit(image_id, drawn(), revision=7), "ann")
    assert saved.version == store.image(image_id).version
    assert documents.add(store.open_image(image_id), 3) == 7


def test_an_invalid_edit_does_not_count_as_saved(documents, store, image_id):
    with pytest.raises(RegionError, match="occurs twice"):
        documents.save(edit(image_id, drawn(), drawn()), "ann")
    assert documents.save(edit(image_id, drawn()), "ann") is not None
    assert texts(store, image_id) == ["mine"]


def test_a_conflict_is_kept_once(documents, store, image_id):
    other = SentDocuments(store)
    other.add(store.open_image(image_id), 0)
    other.save(edit(image_id, drawn("o", "other")), "bob")
    with pytest.raises(VersionConflict):
        documents.save(edit(image_id, drawn()), "ann")
    assert documents.save(edit(image_id, drawn()), "ann") is None
    assert len(store.drafts(image_id)) == 1


def test_only_the_last_documents_are_remembered(store, image_id, monkeypatch):
    monkeypatch.setattr(sent_documents, "MAX_DOCUMENTS", 1)
    documents = SentDocuments(store)
    documents.add(store.open_image(image_id), 0)
    version = documents.save(edit(image_id, drawn(), revision=5), "ann").version
    assert documents.add(store.open_image(image_id), 0) == 5
    # The one before is forgotten, as after a restart; an edit of it contains what was saved since.
    assert documents.save(edit(image_id, drawn(text="again"), revision=1), "ann").version == version + 1
