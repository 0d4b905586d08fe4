"""Corrections that look wrong are warned of."""

from __future__ import annotations

import pytest

from annotation.region import Region
from annotation.rounds.config import RoundConfig
from annotation.rounds.suspicions import Suspicions

SIZE = (1000, 500)


def box(text: str, x: float = 0, y: float = 0, width: float = 60, height: float = 20, **values) -> Region:
    return Region([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], text, **values)


@pytest.fixture
def suspicions() -> Suspicions:
    found = Suspicions(RoundConfig())
    assert found.warnings() == []
    return found


def add_good(suspicions: Suspicions, count: int = 10) -> None:
    for i in range(count):
        suspicions.add(f"good{i}.jpg", SIZE, [box(f"W{i}"), box("the", y=30)], [box("x")])


def test_good_corrections(suspicions):
    add_good(suspicions)
    suspicions.add("nothing.jpg", SIZE, [], [])  # no word there, and none was found
    suspicions.add("false.jpg", SIZE, [], [box("tree")])  # one false word was deleted
    assert suspicions.warnings() == []


def test_all_regions_deleted(suspicions):
    add_good(suspicions)
    for name in "abcd":
        suspicions.add(f"{name}.jpg", SIZE, [], [box("x")])
    assert suspicions.warnings() == ["All words were deleted in 4 photos: a.jpg, b.jpg, c.jpg and others."]


def test_all_texts_equal(suspicions):
    add_good(suspicions, 3)
    suspicions.add("a.jpg", SIZE, [box("asdf", y=30 * i) for i in range(12)], [])
    assert suspicions.warnings() == ['12 of 18 words have the same text, "asdf".']


def test_boxes_everywhere(suspicions):
    suspicions.add("a.jpg", SIZE, [box("W", width=1000, height=460)], [])
    assert suspicions.warnings() == ["Regions cover nearly all of 1 photo: a.jpg."]


def test_contradictions(suspicions):
    suspicions.add("a.jpg", SIZE, [box("NOVA"), box("BAR", x=2)], [])
    assert suspicions.warnings() == ["Words are marked twice, with different texts, in 1 photo: a.jpg."]
    suspicions.contradictory.clear()
    suspicions.add("b.jpg", SIZE, [box("NOVA"), box("nova", x=2), box("BAR", x=2, illegible=True)], [])
    assert suspicions.warnings() == []


def test_no_texts(suspicions):
    suspicions.add("a.jpg", SIZE, [box("", y=30 * i) for i in range(12)], [])
    suspicions.add("b.jpg", SIZE, [box("", y=30 * i, illegible=True) for i in range(12)], [])
    assert suspicions.warnings() == ["12 of 12 regions have no text."]
