"""Texts of the view of receptive fields."""

from __future__ import annotations

from spotter.tabs.look_inside.views.receptive_field import verdict


def test_the_verdict_follows_the_numbers():
    assert "hardly differ" in verdict((100, 101), (400, 400))
    assert "core and at its edge" in verdict((200, 100), (400, 300))
    assert "not its edge" in verdict((200, 100), (300, 300))
    assert "faint" in verdict((100, 100), (500, 300))
    assert "narrower" in verdict((50, 100), (300, 300))
