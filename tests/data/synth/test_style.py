"""Styles of scenes."""

from __future__ import annotations

from spotter.data.synth.style import CURVED, DENSE, EASY, MIXED


def test_scenes_for_evaluation_have_the_letters_of_their_fonts():
    """Figures of former versions were measured on them."""
    assert MIXED.reweighted == CURVED.reweighted == EASY.reweighted == DENSE.reweighted == 0
    assert MIXED.steep == CURVED.steep == EASY.steep == DENSE.steep == 0
