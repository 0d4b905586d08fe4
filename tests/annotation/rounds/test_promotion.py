"""The rule of promotion."""

from __future__ import annotations

import pytest

from annotation.rounds.config import RoundConfig
from annotation.rounds.promotion import may_promote, points
from annotation.rounds.records import Figures, Interval, Verdict


def verdict(value: float, low: float, rendered: float = 0.0) -> Verdict:
    def figures(h: float) -> Figures:
        return Figures(Interval(0.5, 0.4, 0.6), Interval(h, h - 0.1, h + 0.1))

    difference = Interval(value, low, value + 0.05)
    after = figures(0.4 + value)
    return Verdict(figures(0.4), after, figures(0.5), figures(0.5 + rendered), difference, {}, 0.5)


@pytest.mark.parametrize(
    ("value", "low", "rendered", "says"),
    [
        (0.05, 0.01, 0.0, "Better by the rule: end-to-end H on the hold-out changes by +5.0"),
        (0.03, -0.005, -0.015, "rendered scenes change by -1.5."),
        (0.0, 0.0, 0.0, "the mean must be above 0"),
        (-0.02, -0.005, 0.0, "the mean must be above 0"),
        (0.05, -0.01, 0.0, "the lower end must be above -1.0"),
        (0.05, 0.02, -0.03, "rendered scenes change by -3.0, -2.0 is the limit"),
    ],
)
def test_the_rule(value, low, rendered, says):
    allowed, why = may_promote(verdict(value, low, rendered), [], RoundConfig())
    assert allowed == why.startswith("Better")
    assert says in why
    assert (why.count("."), why[-1]) != (0, "")


def test_warnings_forbid_it():
    allowed, why = may_promote(verdict(0.05, 0.02), ["12 of 12 regions have no text."], RoundConfig())
    assert not allowed
    assert why.endswith("the corrections look wrong: 12 of 12 regions have no text.")


def test_points():
    assert [points(x) for x in (0.042, -0.003, 0.0, -0.0001)] == ["+4.2", "-0.3", "0", "0"]
