"""How regions of several sources are combined."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.merge import (
    Placement,
    apply_suggestion,
    contains_changes,
    merge,
    place_predictions,
    update_region,
)
from annotation.region import Region
from spotter.types import Character


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


A, B = Region(box(10, 10), "a", "a"), Region(box(60, 10), "b", "b")
READ = Region(
    box(10, 10),
    "cat",
    "a",
    score=0.9,
    reading_score=0.8,
    characters=[Character(c, 0.8) for c in "cat"],
    origin="model",
)


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ([A, B], [A, B], [A, B]),
        ([replace(A, text="mine"), B], [A, B], [replace(A, text="mine"), B]),
        ([A, B], [replace(A, text="theirs"), B], [replace(A, text="theirs"), B]),
        ([replace(A, text="mine"), B], [replace(A, text="theirs"), B], [replace(A, text="mine"), B]),
        ([A], [A, B], [A]),  # removed by me
        ([A, B], [A], [A]),  # removed by them
        ([replace(A, text="mine"), B], [B], [replace(A, text="mine"), B]),  # edited here, removed there
    ],
)
def test_three_way_merge(mine, theirs, expected):
    assert merge([A, B], mine, theirs) == expected


def test_merge_keeps_what_both_have_added():
    assert merge([], [], []) == []
    assert merge([], [A], [B]) == [A, B]


def test_a_new_region_of_a_person_is_locked():
    assert update_region(None, A, "person").locked
    assert not update_region(None, A, "import").locked
    assert update_region(READ, A, "model") == A


def test_a_client_cannot_change_score_origin_and_lock():
    old = replace(READ, locked=True)
    updated = update_region(old, replace(READ, score=0.1, origin="person", locked=False), "person")
    assert (updated.score, updated.origin, updated.locked) == (0.9, "model", True)


def test_a_typed_text_has_no_probabilities():
    typed = update_region(READ, replace(READ, text="car"), "person")
    assert (typed.text, typed.reading_score, typed.characters, typed.locked) == ("car", None, [], True)


def test_a_text_that_was_read_again_has_its_own_probabilities():
    again = replace(READ, text="car", reading_score=0.5, characters=[Character(c, 0.5) for c in "car"])
    updated = update_region(READ, again, "person")
    assert (updated.reading_score, updated.characters) == (0.5, again.characters)


@pytest.mark.parametrize(
    ("mine", "theirs", "contained"),
    [
        ([], [], True),
        ([A, B], [A, B], True),  # nothing was changed
        ([replace(A, text="mine"), B], [A, B], True),
        ([replace(A, text="new"), replace(B, text="mine")], [replace(A, text="new"), B], True),
        ([replace(A, text="new", illegible=True), B], [replace(A, text="new"), B], True),
        ([replace(A, text="mine"), B], [replace(A, text="new"), B], False),
        ([B], [replace(A, text="new"), B], False),
        ([A], [A], True),
        ([A, B], [A], False),
        ([A, B, Region(box(9, 9), "", "c")], [A, B, Region(box(9, 9), "drawn", "c")], True),
        ([A, B], [A, B, Region(box(9, 9), "drawn", "c")], False),
    ],
)
def test_a_version_that_contains_the_changes_of_another(mine, theirs, contained):
    assert contains_changes([A, B] if theirs else [], mine, theirs) is contained


def test_placements():
    locked = replace(A, locked=True)
    assert place_predictions([], [locked], [], is_open=True) == []
    same, other = replace(READ, text="a"), READ
    new, removed = Region(box(100, 60), "new"), Region(box(60, 60), "removed")
    placements = place_predictions([same, new, removed, B], [locked, B], [removed], is_open=True)
    expected = [Placement("same", "a"), Placement("used"), Placement("suggested"), Placement("used")]
    assert placements == expected  # B is not locked
    assert place_predictions([other], [locked], [], is_open=True) == [Placement("suggested", "a")]
    assert place_predictions([new], [], [], is_open=False) == [Placement("suggested")]


def test_a_suggestion_updates_or_adds_a_region():
    illegible = replace(B, illegible=True, difficult=True)
    updated = apply_suggestion([A, illegible], READ, "b")
    assert updated[0] == A
    assert (updated[1].id, updated[1].text, updated[1].illegible) == ("b", "cat", False)
    assert (updated[1].difficult, updated[1].reading_score) == (True, 0.8)
    assert apply_suggestion([B], READ, None) == [B, replace(READ, locked=True)]
    assert apply_suggestion([B], READ, "removed since") == [B, replace(READ, locked=True)]
