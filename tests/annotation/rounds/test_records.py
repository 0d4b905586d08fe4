"""Verdicts come from a file: only complete and finite ones are taken."""

from __future__ import annotations

import copy
import json

import pytest

from annotation.region import AnnotationError
from annotation.rounds.records import Figures, Interval, RoundError, Verdict

FIGURES = Figures(Interval(0.5, 0.4, 0.6), Interval(0.3, 0.2, 0.4))
VERDICT = Verdict(FIGURES, FIGURES, FIGURES, FIGURES, Interval(0.0, -0.1, 0.1), {"fixed": 3}, 0.5)


def test_a_verdict_survives_the_file():
    assert Verdict.from_dict(json.loads(json.dumps(VERDICT.to_dict()))) == VERDICT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("share",), "x"),
        (("share",), float("nan")),
        (("counts",), [1]),
        (("before",), None),
        (("before", "detection"), {}),
        (("after", "end_to_end", "low"), float("inf")),
        (("difference", "value"), None),
    ],
)
def test_a_damaged_verdict_is_one_sentence(path, value):
    values = copy.deepcopy(VERDICT.to_dict())
    *folders, name = path
    inner = values
    for folder in folders:
        inner = inner[folder]
    inner[name] = value
    with pytest.raises(RoundError, match="result is damaged"):
        Verdict.from_dict(values)
    assert issubclass(RoundError, AnnotationError)
