"""Regions of the store and of the editor."""

from __future__ import annotations

from pathlib import Path

from annotation.region import Region
from annotation.tabs.documents import from_document, to_document

EXACT = Region([[10.12, 10.37], [60.55, 10.0], [60.0, 30.0]], "line\nend", "import:1")
ROUNDED = [[10.1, 10.4], [60.5, 10.0], [60.0, 30.0]]


def sent_back(store, image_id, **changes) -> Region:
    """EXACT after its way through the editor."""
    document = to_document(store.image(image_id), Path("photo.jpg"), [EXACT], [], 0)
    value = document["regions"][0] | {"points": ROUNDED, "text": "line end"} | changes
    return from_document([value], [EXACT])[0]


def test_values_that_the_editor_rounds_stay_as_stored(store, image_id):
    assert sent_back(store, image_id).content == EXACT.content


def test_a_moved_corner_and_a_new_text_are_stored(store, image_id):
    moved = sent_back(store, image_id, points=[[11.0, 10.4], *ROUNDED[1:]])
    assert moved.polygon == [[11.0, 10.4], *ROUNDED[1:]]
    assert moved.text == EXACT.text
    assert sent_back(store, image_id, text="new").text == "new"


def test_a_suggestion_is_sent_if_its_text_differs(store, image_id):
    same = {"id": EXACT.id, "text": EXACT.text, "score": 0.5, "characters": [], "model": "nano"}
    other = same | {"text": "other"}
    sent = [
        to_document(store.image(image_id), Path("photo.jpg"), [EXACT], [item], 0)["regions"][0]["suggestion"]
        for item in (same, other)
    ]
    assert sent == [None, {"text": "other", "score": 0.5, "characters": [], "model": "nano"}]
