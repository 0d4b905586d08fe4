"""Changes of many words at once."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError, Region
from annotation.store import bulk
from annotation.store.bin import delete_images, skip_image, skip_reasons
from annotation.store.bulk import BulkResult, execute, plan_flag, plan_replacement, undo

HOUSE = [[10, 10], [60, 10], [60, 30], [10, 30]]


@pytest.fixture
def project(store) -> int:
    return store.ensure_project("p")


@pytest.fixture
def put(store, picture, project):
    """Adds an image with a region per text; its id."""

    def add(seed: int, *texts: str, difficult: bool = False) -> int:
        image, _ = store.add_image(project, picture(seed), f"{seed}.jpg")
        regions = [Region(HOUSE, text, f"r{i}", difficult=difficult) for i, text in enumerate(texts)]
        store.save_regions(image.id, 0, regions, "ann")
        return image.id

    return add


def texts(store, image_id: int) -> list[str]:
    return [region.text for region in store.regions(image_id)]


def test_an_empty_project_and_an_empty_plan(store, project):
    assert plan_replacement(store, project, "a", "b") == []
    assert plan_flag(store, project, "difficult", True, []) == []
    assert execute(store, [], "ann") == BulkResult()
    assert undo(store, BulkResult(), "ann") == BulkResult()


def test_a_plan_changes_nothing(store, project, put):
    image_id = put(1, "NOVA BAR", "BAR")
    plan = plan_replacement(store, project, "BAR", "PUB")
    assert [(change.before, change.after) for change in plan] == [("NOVA BAR", "NOVA PUB"), ("BAR", "PUB")]
    assert texts(store, image_id) == ["NOVA BAR", "BAR"]


@pytest.mark.parametrize(
    ("find", "new", "switches", "after"),
    [
        ("bar", "PUB", {}, ["PUB", "PUBER", "aPUBa"]),
        ("bar", "PUB", {"match_case": True}, ["BAR", "BARER", "aPUBa"]),
        ("bar", "PUB", {"whole_word": True}, ["PUB", "BARER", "abara"]),
        (".", "x", {}, ["BAR", "BARER", "abara"]),
        ("A", r"\1\g<0>", {"match_case": True}, [r"B\1\g<0>R", r"B\1\g<0>RER", "abara"]),
        ("BAR", "", {"match_case": True}, ["", "ER", "abara"]),
    ],
)
def test_a_text_is_replaced_literally(store, project, put, find, new, switches, after):
    image_id = put(1, "BAR", "BARER", "abara")
    execute(store, plan_replacement(store, project, find, new, **switches), "ann")
    assert texts(store, image_id) == after


def test_both_unicode_forms_are_replaced(store, project, put):
    image_id = put(1, "CAFÉ", "CAFE\u0301", "cafe")
    execute(store, plan_replacement(store, project, "É", "E"), "ann")
    assert texts(store, image_id) == ["CAFE", "CAFE", "cafe"]


def test_a_change_is_a_revision_by_its_person_and_can_be_undone(store, project, put):
    first, second = put(1, "BAR", "X"), put(2, "BAR")
    before = [store.regions(image_id) for image_id in (first, second)]
    result = execute(store, plan_replacement(store, project, "BAR", "PUB"), "bob")
    assert result == BulkResult(2, {first: (1, 2), second: (1, 2)}, {first: "in work", second: "in work"})
    assert [(r.who, r.after.text) for r in store.history(first) if r.version == 2] == [("bob", "PUB")]
    assert undo(store, result, "bob") == BulkResult(versions={first: (2, 3), second: (2, 3)})
    assert [store.regions(image_id) for image_id in (first, second)] == before


def test_images_that_somebody_changed_meanwhile_are_left_out(store, project, put):
    changed, deleted, third = put(1, "BAR"), put(2, "BAR"), put(3, "BAR")
    plan = plan_replacement(store, project, "BAR", "PUB")
    store.save_regions(changed, 1, [Region(HOUSE, "BARS", "r0")], "eve")
    delete_images(store, [deleted], "eve")
    result = execute(store, plan, "bob")
    assert (result.words, list(result.versions), result.left_out) == (1, [third], ["1.jpg", "2.jpg"])
    assert texts(store, changed) == ["BARS"]
    store.save_regions(third, 2, [Region(HOUSE, "MINE", "r0")], "eve")
    assert undo(store, result, "bob").left_out == ["3.jpg"]
    assert texts(store, third) == ["MINE"]


def test_a_flag_is_cleared_on_the_chosen_images_only(store, project, put):
    first, second = put(1, "A", "B", difficult=True), put(2, "C", difficult=True)
    plan = plan_flag(store, project, "difficult", False, [first])
    assert len(plan) == 2
    execute(store, plan, "ann")
    assert [region.difficult for region in store.regions(first)] == [False, False]
    assert store.regions(second)[0].difficult
    assert plan_flag(store, project, "difficult", False, [first]) == []


def test_a_finished_image_is_reopened_and_the_plan_says_so(store, project, put):
    image_id = put(1, "BAR")
    store.set_state(image_id, "done", "ann")
    plan = plan_replacement(store, project, "BAR", "PUB")
    assert plan[0].is_finished
    execute(store, plan, "ann")
    assert store.image(image_id).state == "in work"


def set_states(store, image_id: int, state: str) -> None:
    if state == "skipped":
        skip_image(store, image_id, "blurred", "ann")
    for step in {"done": ["done"], "approved": ["done", "approved"]}.get(state, []):
        store.set_state(image_id, step, "ann")


@pytest.mark.parametrize("state", ["in work", "done", "approved", "skipped"])
def test_undo_brings_the_state_back(store, project, put, state):
    image_id = put(1, "BAR")
    set_states(store, image_id, state)
    result = execute(store, plan_replacement(store, project, "BAR", "PUB"), "bob")
    assert store.image(image_id).state == "in work"
    undo(store, result, "bob")
    assert (texts(store, image_id), store.image(image_id).state) == (["BAR"], state)
    assert skip_reasons(store, [image_id]) == ({image_id: "blurred"} if state == "skipped" else {})


def test_undo_reopens_what_was_confirmed_after_the_change(store, project, put):
    image_id = put(1, "BAR")
    store.set_state(image_id, "done", "ann")
    result = execute(store, plan_replacement(store, project, "BAR", "PUB"), "bob")
    store.set_state(image_id, "done", "eve")
    undo(store, result, "bob")
    assert (texts(store, image_id), store.image(image_id).state) == (["BAR"], "in work")


def test_invalid_and_too_large_plans_are_refused(store, project, put, monkeypatch):
    put(1, "BAR", "BAR")
    with pytest.raises(AnnotationError, match="Type the text"):
        plan_replacement(store, project, "", "x")
    with pytest.raises(AnnotationError, match="longer than 2000"):
        plan_replacement(store, project, "BAR", "x" * 2001)
    with pytest.raises(AnnotationError, match="no flag 'locked'"):
        plan_flag(store, project, "locked", True, [])
    monkeypatch.setattr(bulk, "MAX_CHANGES", 1)
    with pytest.raises(AnnotationError, match="more than 1 words"):
        plan_replacement(store, project, "BAR", "PUB")
