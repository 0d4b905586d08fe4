"""Statistics from the revisions and reviews in a database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from annotation.formats import import_from
from annotation.region import Region
from annotation.statistics import Statistics, Work
from annotation.store.bin import delete_images
from annotation.store.statistics import project_statistics, seconds_until

START = datetime(2026, 11, 26, 23, 50, tzinfo=UTC)


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, text):
    return Region(box(x, 10), text, score=0.9, reading_score=0.8)


WORDS = [word(10, "a"), word(40, "b"), word(70, "c"), word(100, "d")]


@pytest.fixture
def clock(monkeypatch):
    """`clock(seconds)` sets the time of the following saves."""
    now = [START]
    for module in ("store", "revisions"):
        monkeypatch.setattr(f"annotation.store.{module}.now", lambda: now[0])

    def set_time(seconds):
        now[0] = START + timedelta(seconds=seconds)

    return set_time


@pytest.fixture
def project(store):
    return store.ensure_project("p")


@pytest.fixture
def edit(store):
    """Changes the regions of an image by a function."""

    def save(image_id, who, change):
        image = store.image(image_id)
        store.save_regions(image_id, image.version, change(store.regions(image_id)), who)

    return save


def retype(text):
    return lambda regions: [replace(regions[0], text=text), *regions[1:]]


def test_an_empty_project(store, project):
    assert project_statistics(store, project) == Statistics([], [], [], 0, [])


def test_what_only_a_model_did_is_no_work(store, project, image_id):
    store.add_prediction(image_id, "m1", WORDS)
    assert project_statistics(store, project) == Statistics([], [], [], 0, [])


def test_work_of_one_person(store, project, image_id, clock, edit):
    """Of the gaps of 60, 500 and 240 seconds the second is a break; midnight passes in the third."""
    store.add_prediction(image_id, "m1", WORDS)
    for seconds, text in ((0, "A"), (60, "B"), (560, "C")):
        clock(seconds)
        edit(image_id, "ann", retype(text))
    clock(800)
    store.set_state(image_id, "done", "ann")
    found = project_statistics(store, project)
    assert found.days == [
        Work("ann", date(2026, 11, 26), 0, 0, 1, 60 / 3600),
        Work("ann", date(2026, 11, 27), 1, 0, 4, 240 / 3600),
    ]
    assert found.people == [Work("ann", None, 1, 0, 5, 300 / 3600)]
    assert (found.agreement, found.shared_photos) == ([], 0)
    moments = [START + timedelta(seconds=seconds) for seconds in (-1, 60, 700, 900)]
    with store.read() as session:
        assert seconds_until(session, project, []) == []
        assert seconds_until(session, project, moments) == [0, 60, 60, 300]


def test_photos_in_the_bin_and_other_projects_do_not_count(store, project, image_id, edit):
    edit(image_id, "ann", lambda regions: WORDS)
    assert project_statistics(store, store.ensure_project("q")).people == []
    delete_images(store, [image_id], "ann")
    assert project_statistics(store, project).people == []


def test_an_import_is_no_work_of_a_person(store, picture, task, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture())
    (tmp_path / "tasks.json").write_text(json.dumps([task()]))
    import_from(store, "p", tmp_path)
    assert store.image_list(store.find_project("p"))[0].state != "new"
    assert project_statistics(store, store.find_project("p")).people == []


def test_agreement_of_the_versions_that_two_people_saved_last(store, project, image_id, clock, edit):
    edit(image_id, "ann", lambda regions: WORDS)
    edit(image_id, "bob", retype("x"))
    edit(image_id, "ann", lambda regions: regions[:3])
    found = project_statistics(store, project)
    (one,) = found.agreement
    assert (one.first, one.second, one.photos, found.shared_photos) == ("ann", "bob", 1, 1)
    # Bob has x, b, c, d; Ann has x, b, c.
    assert one.end_to_end.hmean == pytest.approx(6 / 7)


def test_who_approves_without_an_edit_agrees(store, project, image_id, clock, edit):
    edit(image_id, "ann", lambda regions: WORDS)
    clock(10)
    store.set_state(image_id, "done", "ann")
    clock(20)
    store.set_state(image_id, "approved", "bob")
    clock(30)
    edit(image_id, "cai", lambda regions: [])
    found = {
        (one.first, one.second): one.end_to_end.hmean for one in project_statistics(store, project).agreement
    }
    assert found == {("ann", "bob"): 1, ("ann", "cai"): 0, ("bob", "cai"): 0}


def test_only_the_latest_shared_photos_are_compared(store, project, picture, edit, monkeypatch):
    monkeypatch.setattr("annotation.store.statistics.MAX_COMPARED", 2)
    for i in range(3):
        image, _ = store.add_image(project, picture(i), f"{i}.jpg")
        edit(image.id, "ann", lambda regions: WORDS)
        edit(image.id, "bob", retype("x"))
    found = project_statistics(store, project)
    assert (found.agreement[0].photos, found.shared_photos) == (2, 3)


def test_mistakes_per_model_version(store, project, picture, edit):
    first, second = (store.add_image(project, picture(i), f"{i}.jpg")[0].id for i in range(2))
    store.add_prediction(first, "m1", WORDS)
    edit(first, "ann", retype("x"))
    edit(first, "ann", retype("y"))  # the same word again: one mistake
    edit(first, "ann", lambda regions: [regions[0], *regions[2:], Region(box(150, 50), "missed")])
    edit(first, "ann", lambda regions: [*regions[:1], replace(regions[1], polygon=box(70, 14)), *regions[2:]])
    store.set_state(first, "done", "ann")
    # A newer model reads it after that: nobody has checked its words.
    store.add_prediction(first, "m2", WORDS)
    store.add_prediction(second, "m2", WORDS)
    edit(second, "bob", retype("x"))
    m2, m1 = project_statistics(store, project).models
    assert (m1.model_version, m1.photos, m1.words, m1.wrong) == ("m1", 1, 4, 3)
    assert dict(m1.kinds) == {"text": 1, "false": 1, "shape": 1, "missed": 1}
    # The other words of the second photo are not checked yet.
    assert (m2.model_version, m2.photos, m2.words, m2.wrong, dict(m2.kinds)) == ("m2", 1, 1, 1, {"text": 1})


def test_a_correction_that_is_taken_back_is_none(store, project, image_id, edit):
    store.add_prediction(image_id, "m1", WORDS)
    edit(image_id, "ann", retype("x"))
    edit(image_id, "ann", retype("a"))
    (found,) = project_statistics(store, project).models
    assert (found.words, found.wrong, dict(found.kinds)) == (1, 0, {})


def test_a_split_word(store, project, image_id, edit):
    line = Region(box(10, 10, w=100), "new york", score=0.9, reading_score=0.8)
    store.add_prediction(image_id, "m1", [line])
    edit(
        image_id, "ann", lambda regions: [Region(box(10, 10, w=45), "new"), Region(box(65, 10, w=45), "york")]
    )
    (found,) = project_statistics(store, project).models
    assert (found.words, found.wrong, dict(found.kinds)) == (1, 1, {"split": 1})
