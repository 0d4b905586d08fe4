"""Images chosen by state, person and date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from annotation.region import AnnotationError, Region
from annotation.store.records import NotFoundError
from annotation.store.selection import Selection, authors, parse_selection, people, select_images
from annotation.store.tables import ReviewRow, RevisionRow

BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0]]
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def project(store, picture) -> int:
    """a.jpg: new. b.jpg: in work by ann. c.jpg: by ann, marked as done by bob. d.jpg: by bob, approved by
    eve. e.jpg: skipped."""
    number = store.ensure_project("p")
    ids = {n: store.add_image(number, picture(i), f"{n}.jpg")[0].id for i, n in enumerate("abcde")}
    for name, who in (("b", "ann"), ("c", "ann"), ("d", "bob")):
        store.save_regions(ids[name], 0, [Region(BOX, "word", "r1")], who)
    store.set_state(ids["c"], "done", "bob")
    store.set_state(ids["d"], "done", "bob")
    store.set_state(ids["d"], "approved", "eve")
    store.set_state(ids["e"], "skipped", "eve")
    return number


def names(store, project, **conditions) -> str:
    return "".join(image.name[0] for image in select_images(store, project, Selection(**conditions)))


def test_an_empty_project(store):
    number = store.ensure_project("empty")
    assert select_images(store, number, Selection()) == []
    assert people(store, number) == []
    with pytest.raises(NotFoundError, match="ann has not worked in this project; nobody has"):
        select_images(store, number, Selection(by="ann"))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "abcd"),
        ({"states": ("new",)}, "a"),
        ({"states": ("done", "approved")}, "cd"),
        ({"by": "ann"}, "bc"),
        ({"by": "bob"}, "cd"),
        ({"by": "eve"}, ""),
        ({"by": "ann", "states": ("done",)}, "c"),
        ({"since": BEFORE}, "bcd"),
    ],
    ids=str,
)
def test_selection(store, project, conditions, expected):
    assert names(store, project, **conditions) == expected


def test_other_projects_are_left_out(store, project, picture):
    other = store.ensure_project("other")
    image, _ = store.add_image(other, picture(9), "x.jpg")
    store.save_regions(image.id, 0, [Region(BOX, "x")], "zoe")
    assert people(store, project) == ["ann", "bob", "eve"]
    assert names(store, other, by="zoe") == "x"


def test_the_state_counts_as_a_change_but_not_a_prediction(store, project, image_id):
    with store.write() as session:
        session.execute(update(RevisionRow).values(at=BEFORE))
        session.execute(update(ReviewRow).where(ReviewRow.who != "eve").values(at=BEFORE))
    for image in select_images(store, project, Selection(states=("new",))):
        store.add_prediction(image.id, "nano-1", [Region(BOX, "model")])
    assert names(store, project, since=BEFORE + timedelta(seconds=1)) == "d"


def test_authors_are_who_changed_a_region_last(store, image_id):
    store.add_prediction(image_id, "nano-1", [Region(BOX, "a"), Region([[x, y + 40] for x, y in BOX], "b")])
    first, second = store.regions(image_id)
    store.save_regions(image_id, 1, [first.to_json() | {"text": "A"}, second.to_json()], "ann")
    store.save_regions(image_id, 2, [first.to_json() | {"text": "AA"}, second.to_json()], "bob")
    assert authors(store, image_id) == {first.id: "bob"}


def test_parsing():
    assert parse_selection(None, None, None) == Selection()
    day = datetime(2026, 11, 1, tzinfo=UTC)
    assert parse_selection(["done"], " ann ", "2026-11-01") == Selection(("done",), "ann", day)
    assert parse_selection([], "", "2026-11-01T02:00+02:00").since == day
    assert str(parse_selection(["done", "approved"], "ann", "2026-11-01")) == (
        "done or approved, last changed or marked as done by ann, changed since 2026-11-01 00:00 UTC"
    )


@pytest.mark.parametrize(
    ("states", "since", "message"),
    [(["finished"], "", "no state 'finished'"), (["skipped"], "", "'skipped'"), ([], "today", "not a date")],
)
def test_invalid_selections(states, since, message):
    with pytest.raises(AnnotationError, match=message):
        parse_selection(states, "", since)
