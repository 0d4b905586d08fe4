"""Diagrams of the FPN and the dilated block."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.explain.canvas import panels_of
from spotter.explain.layers import Call, layers_of
from spotter.explain.topics.block_diagrams import draw_dilated_block, draw_top_down
from spotter.language import speaking


def texts(picture) -> list[str]:
    calls = [layer for layer in layers_of(picture) if isinstance(layer, Call) and layer.method == "text"]
    return [
        "".join(str(argument) for argument in call.arguments if isinstance(argument, str)) for call in calls
    ]


def test_every_level_has_its_shape_and_its_values(trace):
    picture, _ = draw_top_down(trace)
    shapes = ["{}×{}×{}".format(*level.shape) for level in trace.fpn_levels]
    assert [text for text in texts(picture) if text in shapes] == shapes[::-1]
    assert texts(picture).count("enlarged × 2") == 3
    panels = panels_of(picture)
    assert [panel.values.shape for panel in panels] == [level.shape[1:] for level in trace.fpn_levels[::-1]]
    assert all(np.isfinite(panel.values).all() for panel in panels)


@pytest.mark.parametrize("level", [0, 3])
def test_the_block_spans_as_many_cells_as_its_dilations_add_up_to(trace, level):
    picture, alt = draw_dilated_block(trace, level)
    spans = [text for text in texts(picture) if text.startswith("spans")]
    assert spans == ["spans 5 cells", "spans 13 cells", "spans 15 cells"]
    assert "which span 15 cells" in alt


def test_in_korean(trace):
    with speaking("ko"):
        assert "잔차" in "".join(texts(draw_dilated_block(trace, 0)[0]))
