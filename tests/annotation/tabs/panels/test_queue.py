"""The list of photos, its order and its filter."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError
from annotation.tabs.panels import queue as panel
from annotation.tabs.panels.queue import photo_number, queue_rows


def test_rows_mark_the_open_photo(store, session, picture):
    store.add_image(store.ensure_project("p"), picture(3), "other.jpg")
    session.refresh_queue()
    shown = queue_rows(session)
    assert [row["title"] for row in shown["rows"]] == ["photo.jpg", "other.jpg"]
    assert shown["current"] == str(session.image.id)
    assert shown["head"] == "2 photos"
    assert shown["rows"][0]["picture"].startswith("data:image/jpeg")
    assert shown["rows"][0]["note"] == "new, not read yet"
    assert (shown["first"], shown["total"]) == (0, 2)
    assert shown["ahead"] == store.image_path(store.image(session.queue.ids[1]))


def test_rows_without_an_open_photo(session):
    session.open(None)
    shown = queue_rows(session)
    assert (shown["current"], shown["head"], shown["ahead"]) == ("", "1 photo", None)


def test_a_long_queue_comes_in_parts(store, session, picture, monkeypatch):
    monkeypatch.setattr(panel, "ROWS_AROUND", 1)
    for seed in range(1, 6):
        store.add_image(session.project_id, picture(seed), f"{seed}.jpg")
    session.refresh_queue()
    ids = [str(image_id) for image_id in session.queue.ids]

    def part(index: int | None = None) -> tuple[int, list[str]]:
        shown = queue_rows(session, index)
        assert shown["total"] == 6
        return shown["first"], [row["key"] for row in shown["rows"]]

    assert part() == (0, ids[:1])
    assert part(3) == (2, ids[2:4])
    assert part(5) == (4, ids[4:])
    assert part(10**6) == (5, ids[5:])


def test_scrolling_asks_for_other_rows_and_keeps_the_photo(open_tab, put, monkeypatch):
    monkeypatch.setattr(panel, "ROWS_AROUND", 1)
    ids = [put(seed) for seed in (1, 2, 3)]
    tab = open_tab()
    listing, before = tab.find(elem_id="correct-queue"), tab.title
    for picked in (("2", "part"), ("x", "part"), ("0", "open"), None):
        tab.values[listing] = picked
        tab.trigger(listing, "scroll")
        if picked == ("2", "part"):
            assert [row["key"] for row in tab.values[listing]["rows"]] == [
                str(image_id) for image_id in ids[1:]
            ]
        else:
            assert tab.values[listing] == picked
    assert tab.title == before


def test_a_number_opens_the_photo_at_this_place(open_tab, put):
    put(1)
    second = put(2)
    tab = open_tab()
    number = tab.find(elem_id="correct-number")
    tab.values[number] = " 2 "
    tab.trigger(number, "submit")
    assert tab.values[tab.editor]["image_id"] == str(second)
    assert tab.values[number] == ""


@pytest.mark.parametrize("text", ["", "0", "2", "-1", "x", "1.5"])
def test_other_numbers_are_refused(session, text):
    with pytest.raises(AnnotationError, match="from 1 to 1"):
        photo_number(session, text)
    session.queue.ids = []
    with pytest.raises(AnnotationError, match="no photo in the queue"):
        photo_number(session, text)


def test_finished_photos_are_shown_with_one_click(open_tab, put, store):
    for seed in (1, 2):
        store.set_state(put(seed), "done", "ann")
    tab = open_tab()
    assert tab.values[tab.find(elem_id="correct-empty")] == "**All 2 photos are done.**"
    assert tab.props[tab.find(elem_id="correct-show-all")]["visible"]
    tab.click("Show them")
    assert tab.title.endswith("(1 of 2, done)")
    assert not tab.props[tab.find(elem_id="correct-show-all")]["visible"]
    assert "done" in tab.values[tab.find(elem_id="correct-filter")]


def test_a_click_opens_a_photo(open_tab, put):
    put(1)
    second = put(2)
    tab = open_tab()
    listing = tab.find(elem_id="correct-queue")
    tab.pick(listing, str(second))
    assert tab.values[tab.editor]["image_id"] == str(second)
    tab.pick(listing, "no number")
    assert tab.values[tab.editor]["image_id"] == str(second)


def test_order_and_filter_change_the_queue(open_tab, put, store):
    put(2)
    done = put(1)
    store.set_state(done, "done", "ann")
    tab = open_tab()
    listing, order, states = (
        tab.find(elem_id="correct-queue"),
        tab.find(label="Queue"),
        tab.find(elem_id="correct-filter"),
    )

    def titles() -> list[str]:
        return [row["title"] for row in tab.values[listing]["rows"]]

    assert titles() == ["street 2.jpg"]
    tab.values[order], tab.values[states] = "name", ["new", "done"]
    tab.trigger(order, "input")
    assert titles() == ["street 1.jpg", "street 2.jpg"]
    tab.values[states] = ["approved"]
    tab.trigger(states, "input")
    assert titles() == []
    assert "Nothing is left here" in tab.values[tab.find(elem_id="correct-empty")]
