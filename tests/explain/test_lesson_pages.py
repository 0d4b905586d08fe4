"""The pages of the lesson deck: the numbers and sentences are those of the photo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotter.explain import lesson_pages
from spotter.explain.polygon_text import words_read
from spotter.explain.topics import two_stage_comparison


@pytest.fixture(autouse=True)
def without_craft(monkeypatch):
    """It takes many seconds; its own page has a test in topics/test_two_stage_comparison.py."""
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: False)


def test_pages_hold_the_numbers_of_the_photo(tiny_spotter, trace, longest):
    truth = words_read(trace)
    lesson = lesson_pages.Lesson(tiny_spotter, trace, longest, truth, lambda *_, **__: None)
    made = {make.__name__: make(lesson) for make in lesson_pages.PAGES}
    height, width = trace.image.shape[:2]
    assert ("Photo", f"(3, {height}, {width})") in made["levels_page"].table
    assert trace.words[longest].text in made["reader_page"].sentences
    assert "No ground truth" in made["results_page"].sentences
    assert "of the crop is" in made["two_stage_page"].sentences
    assert not any("pip install" in page.sentences or "installed" in page.sentences for page in made.values())
    assert all(page.pictures for page in made.values())
    assert not any("..." in value for _, value in made["levels_page"].table)
    shapes = " ".join(value for _, value in made["levels_page"].table)
    assert shapes.count(str(trace.config.recognition_roi[1] // 4)) > 1  # that of the coarsest gate included


def test_suppression_is_described_as_configured(tiny_spotter, trace, longest):
    for limit, expected in (
        (1.0, "no non-maximum suppression"),
        (0.5, "overlap a more confident one are dropped"),
    ):
        own = replace(trace, config=replace(trace.config, nms_iou=limit))
        lesson = lesson_pages.Lesson(tiny_spotter, own, longest, words_read(trace, 0), lambda *_, **__: None)
        assert expected in lesson_pages.stages_page(lesson).sentences
