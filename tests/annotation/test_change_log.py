"""The history in plain sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from annotation.change_log import describe, describe_state, photo_log, quote, region_log
from annotation.region import Region
from annotation.review import DELETED, STATES
from annotation.store.records import Revision, StateChange

START = datetime(2026, 11, 27, 14, 2, tzinfo=UTC)
TE = Region([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]], "TE", "a")
NOVA = Region([[20.0, 0.0], [29.0, 0.0], [29.0, 9.0]], "NOVA", "b")


def revision(before=None, after=None, version=1, who="Mina", source="person"):
    at = START + timedelta(minutes=version)
    return Revision((before or after).id, version, who, source, at, (), before, after)


def test_nothing():
    assert photo_log([], []) == region_log([]) == []
    assert describe([]) == "changed nothing that is seen"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ([(None, TE)], 'added "TE"'),
        ([(None, replace(TE, text=""))], "added a word without text"),
        ([(None, TE), (None, NOVA)], "added 2 words"),
        ([(TE, None)], 'deleted "TE"'),
        (
            [(TE, replace(TE, text="TEX")), (NOVA, None), (NOVA, None)],
            'changed "TE" to "TEX", deleted 2 words',
        ),
        ([(replace(TE, text=""), TE)], 'wrote "TE"'),
        ([(TE, replace(TE, text=""))], 'removed the text "TE"'),
        ([(TE, replace(TE, text="A"))] * 3, "changed the text of 3 words"),
        ([(TE, replace(TE, polygon=NOVA.polygon))], 'moved or reshaped "TE"'),
        ([(TE, replace(TE, illegible=True))], 'marked "TE" as illegible'),
        ([(replace(TE, difficult=True), TE)] * 2, "no longer marked 2 words as difficult"),
        ([(TE, TE)], "changed nothing that is seen"),
    ],
)
def test_the_changes_of_a_version(changes, wanted):
    assert describe([revision(*change) for change in changes]) == wanted


def test_a_long_text_is_shortened():
    assert len(quote("x" * 500)) == 42
    assert quote("x" * 40) == f'"{"x" * 40}"'


def test_the_log_of_a_photo_is_newest_first():
    revisions = [
        revision(None, TE, 1, "nano-1", "model"),
        revision(None, NOVA, 1, "nano-1", "model"),
        revision(TE, None, 2),
        revision(NOVA, None, 2),
    ]
    done = StateChange("Bo", START + timedelta(minutes=5), "in work", "done", "")
    log = photo_log(revisions, [StateChange("Mina", revisions[2].at, "new", "in work", ""), done])
    assert [entry.text for entry in log] == [
        "Bo marked the photo as done",
        "Mina deleted 2 words",
        "nano-1 added 2 words",
    ]
    assert [(entry.version, entry.deleted) for entry in log] == [(None, ()), (2, ("a", "b")), (1, ())]


def test_the_log_of_a_word():
    log = region_log([revision(None, TE, 1), revision(TE, replace(TE, text="TEX"), 4, "Bo")])
    assert [(entry.text, entry.version) for entry in log] == [
        ('Bo changed "TE" to "TEX"', 4),
        ('Mina added "TE"', 1),
    ]


@pytest.mark.parametrize("before", [*STATES, DELETED])
@pytest.mark.parametrize("after", [*STATES, DELETED])
def test_every_change_of_state_is_described(before, after):
    assert describe_state(StateChange("Mina", START, before, after, "")).endswith(
        ("photo", "done", "bin", "queue")
    )


def test_the_reason_for_skipping_is_told():
    change = StateChange("Mina", START, "new", "skipped", "no text")
    assert describe_state(change) == "skipped the photo: no text"
