"""The levels of the pyramid: maps, costs and the level rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain import canvas, layer_table
from spotter.explain.topics import levels


def test_the_same_point_is_linked_on_every_level(tiny_spotter, trace):
    found = layer_table.layers_of(tiny_spotter, replace(trace))
    picture = levels.draw_levels(trace, np.array([70.0, 50.0]), 0, True, "energy", found)[0]
    panels = canvas.panels_of(picture)
    height, width = trace.image.shape[:2]
    assert {panel.link for panel in panels} == {"photo"}
    assert [panel.cell for panel in panels] == [(s / width, s / height) for s in (4, 8, 16, 32)]
    for panel in panels:
        x1, y1, x2, y2 = panel.box
        assert (x2 - x1) / (y2 - y1) == pytest.approx(width / height, rel=0.01)


def test_principal_components_of_a_known_map():
    ramp = np.linspace(-1, 1, 30 * 20, dtype=np.float32).reshape(30, 20)
    features = np.stack([3 * ramp, -ramp, np.zeros_like(ramp), 0.01 * np.sign(ramp)])
    parts, shares = levels.principal_components(features)
    assert parts.shape == (30, 20, 3)
    assert shares[0] > 0.99
    assert abs(np.corrcoef(parts[..., 0].ravel(), ramp.ravel())[0, 1]) > 0.999
    one = levels.principal_components(np.ones((5, 1, 1), np.float32))[0]
    assert np.isfinite(one).all()


def test_the_levels_share_one_scale_of_energy(trace):
    high = levels.max_energy(trace, True)
    assert high == pytest.approx(
        max(np.sqrt((x.astype(float) ** 2).mean(0)).max() for x in trace.levels), 0.01
    )
    for level in range(4):
        colours, note = levels.map_of(trace, level, True, "energy")
        values = levels.energy_of(trace, level, True)
        assert (colours == canvas.colourise(values, 0, high)).all()
        assert note == f"energy {values.min():.2f} to {values.max():.2f}"


@pytest.mark.parametrize(
    ("side", "level"), [(20, 0), (111, 0), (112, 1), (223, 1), (224, 2), (448, 3), (5000, 3)]
)
def test_level_rule(side, level):
    value, found = levels.level_rule(np.array([10.0, 10, 10 + side, 10 + side]))
    assert found == level
    assert min(max(int(np.floor(value)), 2), 5) == level + 2


@pytest.mark.parametrize(("canonical", "at"), [(224.0, None), (2.0, 3)])
def test_titles_name_the_levels_of_stages_and_reader(trace, canonical, at):
    known = replace(trace, config=replace(trace.config, recognition_canonical=canonical))
    stages = levels.level_rule(known.box(0))[1]
    notes = [levels.pooling_note(known, 0, level).removeprefix("  ← the word's") for level in range(4)]
    if at is None:
        assert notes == [" level" if i == stages else "" for i in range(4)]
    else:
        assert at != stages
        names = {stages: ", for the stages", at: ", for the reader"}
        assert notes == [names.get(i, "") for i in range(4)]


def test_a_tilted_word_is_pooled_from_the_level_of_its_own_rectangle(trace):
    """Its box is large, the rectangle along it has the height of its letters."""
    boxes, rois = trace.boxes.copy(), trace.rois.copy()
    boxes[-1, trace.proposal_index[0]] = [0, 0, 240, 220]  # P4 by the rule
    rois[0] = [120, 110, 300, 30, np.radians(40)]  # P2
    tilted = replace(trace, boxes=boxes, rois=rois)
    notes = [levels.pooling_note(tilted, 0, level) for level in range(4)]
    assert notes == ["  ← the word's, for the reader", "", "  ← the word's, for the stages", ""]


def test_sizes_get_units():
    assert levels.size_text(12) == "12 B"
    assert levels.size_text(3_686_400) == "3.69 MB"
    assert levels.count_text(1_500_000_000) == "1.5 G"
    assert levels.count_text(7) == "7"
