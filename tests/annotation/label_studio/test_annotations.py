"""Which annotation of a task counts, and whose it is."""

from __future__ import annotations

import pytest

from annotation.label_studio.annotations import annotator, choose_annotation, is_submitted, one_line


def test_ground_truth_precedes_the_newest_annotation():
    notes = []
    assert choose_annotation([], notes) is None
    one, two = {"id": 1, "ground_truth": True, "updated_at": "1"}, {"id": 2, "updated_at": "2"}
    assert choose_annotation([one, two], notes) is one
    assert choose_annotation([one | {"was_cancelled": True}, two], notes) is two
    assert choose_annotation([one | {"was_cancelled": True}], notes) is None
    assert "ground truth" in notes[0]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ({}, False),
        ({"id": 1, "completed_by": 1, "lead_time": None}, False),  # imported there
        ({"id": 1, "completed_by": 1, "lead_time": None, "parent_prediction": 3}, True),
        ({"id": 1, "completed_by": 1, "lead_time": 2.5}, True),
        ({"completed_by": 1}, True),  # an older export
    ],
)
def test_what_a_person_has_submitted(annotation, expected):
    assert is_submitted(annotation) is expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ({}, ""),
        ({"completed_by": 1}, ""),
        ({"completed_by": {"email": "ann@example.org"}}, "ann@example.org (Label Studio)"),
        ({"created_username": " ann@example.org, 1"}, "ann@example.org (Label Studio)"),
        ({"completed_by": {"email": "ann\n@x"}}, "ann@x (Label Studio)"),
    ],
)
def test_the_annotator(annotation, expected):
    assert annotator(annotation) == expected


def test_one_line_fits_the_database():
    assert one_line(" a\tb\x00" + "c" * 500) == "ab" + "c" * 178
