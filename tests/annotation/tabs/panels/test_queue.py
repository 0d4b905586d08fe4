"""The list of photos, its order and its filter."""

from __future__ import annotations

from annotation.tabs.panels.queue import queue_rows


def test_rows_mark_the_open_photo(store, session, picture):
    store.add_image(store.ensure_project("p"), picture(3), "other.jpg")
    session.refresh_queue()
    shown = queue_rows(session)
    assert [row["title"] for row in shown["rows"]] == ["photo.jpg", "other.jpg"]
    assert shown["current"] == str(session.image.id)
    assert shown["head"] == "2 photos"
    assert shown["rows"][0]["picture"].startswith("data:image/jpeg")
    assert shown["rows"][0]["note"] == "not read yet"
    assert shown["ahead"] == store.image_path(store.image(session.queue.ids[1]))


def test_rows_without_an_open_photo(session):
    session.open(None)
    shown = queue_rows(session)
    assert (shown["current"], shown["head"], shown["ahead"]) == ("", "1 photo", None)


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
