"""Our labelling configuration and others."""

from __future__ import annotations

import pytest

from annotation.label_studio.labelling_config import CONFIG, has_our_controls, has_text_regions

RECTANGLES = CONFIG.replace("PolygonLabels", "RectangleLabels")
CLASSES = (
    '<View><Image name="i" value="$image"/><Choices name="c" toName="i"><Choice value="a"/></Choices></View>'
)


@pytest.mark.parametrize(
    ("config", "ours", "words"),
    [
        (CONFIG, True, True),
        (CONFIG.replace("</View>", '<Header value="Hi"/></View>'), True, True),
        (RECTANGLES, False, True),
        (CONFIG.replace('value="difficult"', 'value="hard"'), False, True),
        (CONFIG.replace("$image", "$photo"), False, True),
        (CLASSES, False, False),
        ("<View>", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_controls_of_configurations(config, ours, words):
    assert (has_our_controls(config), has_text_regions(config)) == (ours, words)
