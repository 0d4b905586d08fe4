"""Texts of the view of two-level attention."""

from __future__ import annotations

from spotter.tabs.look_inside.views.two_level import describe_readings
from spotter.tracing.interventions import reread


def test_readings_are_shown_with_their_numbers(tiny_spotter, trace, longest):
    text = describe_readings(tiny_spotter, trace, longest)
    assert "both levels" in text
    assert "coarse keys left out" in text
    assert f"{reread(tiny_spotter, trace, longest).surprise:.2f}" in text
