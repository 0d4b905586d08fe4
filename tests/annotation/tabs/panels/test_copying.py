"""The words of the previous photo."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError, Region
from annotation.tabs.panels import copying
from annotation.tabs.panels.copying import previous_regions

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


@pytest.fixture
def second(store, session, picture) -> int:
    """The next photo, twice as large, is open."""
    image, _ = store.add_image(session.project_id, picture(2, (400, 200)), "second.jpg")
    session.refresh_queue()
    session.open(image.id)
    return image.id


def test_the_first_photo_has_no_previous_one(session):
    with pytest.raises(AnnotationError, match="no photo before this one"):
        previous_regions(session, session.image)


def test_a_previous_photo_without_words(session, second):
    with pytest.raises(AnnotationError, match=r"photo\.jpg, has no words"):
        previous_regions(session, session.image)


def test_words_are_scaled_new_and_not_locked(store, session, image_id, second):
    store.save_regions(image_id, 0, [Region(HOUSE, "house", "h", difficult=True)], "ann")
    (copied,) = previous_regions(session, session.image)
    assert copied["points"] == [[2 * x, 2 * y] for x, y in HOUSE]
    assert copied["id"] != "h"
    expected = {"text": "house", "difficult": True, "illegible": False, "origin": "person"}
    assert {key: copied[key] for key in expected} == expected
    assert "locked" not in copied


def test_too_many_words_are_refused(store, session, image_id, second, monkeypatch):
    store.save_regions(image_id, 0, [Region(HOUSE, "house", "h")], "ann")
    monkeypatch.setattr(copying, "MAX_REGIONS", 0)
    with pytest.raises(AnnotationError, match="at most 0 words"):
        previous_regions(session, session.image)


def test_the_page_gets_them_as_an_edit(open_tab, put):
    put(1, Region(HOUSE, "house", "h"))
    second = put(2)
    tab = open_tab()
    tab.click("Next")
    tab.trigger(tab.find(elem_id="correct-copy"), "click")
    added = tab.props[tab.editor]["added"]
    assert added["image_id"] == str(second)
    assert [(region["text"], region["locked"]) for region in added["regions"]] == [("house", False)]
