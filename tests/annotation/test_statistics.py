"""Statistics from aggregated saves, versions and corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from annotation.region import Region
from annotation.statistics import PairMetrics, Saves, Work, mistakes_of, work_per_day, work_per_person


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


A, B, C = (Region(box(x, 10), text, text) for x, text in ((10, "a"), (50, "b"), (90, "c")))


def test_no_work():
    assert work_per_day(Saves()) == []
    assert work_per_person([]) == []


def test_words_of_finished_and_of_other_photos():
    """All 7 words of photo 1, which was finished; the edited ones of photo 2."""
    saves = Saves(
        seconds={("ann", 0): 1800},
        edited={("ann", 0, 1): 2, ("ann", 0, 2): 3, ("bob", 1, 1): 1},
        finished={("ann", 0, 1, "done"), ("ann", 0, 1, "approved")},
        words={1: 7, 2: 9},
    )
    ann = Work("ann", date(1970, 1, 1), 1, 1, 10, 0.5)
    bob = Work("bob", date(1970, 1, 2), 0, 0, 1, 0)
    assert work_per_day(saves) == [ann, bob]
    assert (ann.words_per_hour, bob.words_per_hour) == (20, None)
    assert Work("cleo", None, 1, 0, 39, 0.015).words_per_hour is None  # not 2,600 words per hour


def test_sums_of_the_days():
    days = [Work("bob", date(2026, 1, 1), 1, 0, 5, 0.5), Work("ann", date(2026, 1, 1), 2, 1, 3, 1)]
    days.append(Work("ann", date(2026, 1, 2), 3, 0, 4, 0.5))
    assert work_per_person(days) == [Work("ann", None, 5, 1, 7, 1.5), Work("bob", None, 1, 0, 5, 0.5)]


def test_agreement_without_photos():
    assert PairMetrics().summary() == []


@pytest.mark.parametrize(
    ("second", "hmean"),
    [
        ([A, B, C], 1),
        ([A, B, replace(C, text="x")], 2 / 3),
        ([A, B], 4 / 5),
        ([A, B, C, Region(box(10, 60), "new")], 6 / 7),
        ([A, B, replace(C, illegible=True)], 4 / 5),
        ([], 0),
    ],
)
def test_agreement_of_two(second, hmean):
    metrics = PairMetrics()
    metrics.add([("bob", [A, B, C]), ("ann", second)])
    (found,) = metrics.summary()
    assert (found.first, found.second, found.photos) == ("ann", "bob", 1)
    assert found.end_to_end.hmean == pytest.approx(hmean)


def test_agreement_of_three_people_on_several_photos():
    metrics = PairMetrics()
    metrics.add([("ann", [A]), ("bob", [A]), ("cai", [])])
    metrics.add([("cai", [A, B]), ("ann", [A, B])])
    found = [(one.first, one.second, one.photos, one.end_to_end.matched) for one in metrics.summary()]
    assert found == [("ann", "cai", 2, 2), ("ann", "bob", 1, 1), ("bob", "cai", 1, 0)]


def test_mistakes_of_a_version():
    assert mistakes_of("m", {}, {}, {}).words == 0
    changed = {
        1: ([A, B], [replace(A, polygon=box(12, 10))]),
        2: ([C], [replace(C, id="drawn again")]),
        3: ([], [Region(box(10, 60), "missed")]),
    }
    found = mistakes_of("m", {1: 6, 4: 7}, {"text": 2}, changed)
    assert (found.photos, found.words, found.wrong) == (4, 15, 4)
    assert dict(found.kinds) == {"text": 2, "shape": 1, "false": 1, "missed": 1}
