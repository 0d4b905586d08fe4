"""Predictions alone are imported in steps."""

from __future__ import annotations

import pytest

from annotation.formats import import_steps
from annotation.formats.entries import Entry, FilePrediction, FormatError, pixel_reader
from annotation.formats.import_steps import import_in_steps


@pytest.fixture
def project(store, picture) -> int:
    project = store.ensure_project("p")
    for seed in range(5):
        store.add_image(project, picture(seed), f"{seed}.jpg")
    return project


def prediction(name: str) -> Entry:
    word = {"polygon": [[1, 1], [50, 1], [50, 20]], "text": name, "illegible": False}
    return Entry(name, predictions=[FilePrediction("nano", None, pixel_reader([word]))])


@pytest.fixture
def transactions(monkeypatch) -> list[int]:
    """The number of entries of each."""
    monkeypatch.setattr(import_steps, "IMAGES_AT_ONCE", 2)
    found = []
    import_entries = import_steps.import_entries

    def count(store, project, entries, *arguments):
        found.append(len(entries))
        return import_entries(store, project, entries, *arguments)

    monkeypatch.setattr(import_steps, "import_entries", count)
    return found


def test_predictions_are_added_in_steps(store, project, transactions):
    shown = []
    names = [f"{seed}.jpg" for seed in range(5)]
    entries = [prediction(name) for name in names]
    report = import_in_steps(store, "p", entries, "file", progress=lambda *step: shown.append(step))
    assert transactions == [2, 2, 1]
    assert shown == [(2, 5, "1.jpg"), (4, 5, "3.jpg"), (5, 5, "4.jpg")]
    assert (report.predictions_added, report.images_existing, report.lines()[-1]) == (
        5,
        5,
        "predictions: 5 added, 0 already there",
    )
    assert [len(store.predictions(image.id)) for image in store.image_list(project)] == [1] * 5


def test_a_step_without_anything_valid_leaves_the_others(store, project, transactions):
    entries = [prediction(name) for name in ("a.jpg", "b.jpg", "0.jpg", "c.jpg")]
    report = import_in_steps(store, "p", entries, "file")
    assert report.predictions_added == 1
    assert [any(name in fault for fault in report.faults) for name in ("a.jpg", "b.jpg", "c.jpg")] == [
        True
    ] * 3


def test_nothing_valid_at_all(store, project, transactions):
    with pytest.raises(FormatError, match=r"c\.jpg is neither"):
        import_in_steps(store, "p", [prediction(name) for name in ("a.jpg", "b.jpg", "c.jpg")], "file")


def test_regions_and_strict_imports_are_one_transaction(store, project, transactions):
    entries = [prediction(f"{seed}.jpg") for seed in range(5)]
    import_in_steps(store, "p", entries, "file", strict=True)
    entries[3].state = "done"
    import_in_steps(store, "p", entries, "file")
    assert transactions == [5, 5]


def test_nothing(store):
    assert import_in_steps(store, "p", [], "file").predictions_added == 0
