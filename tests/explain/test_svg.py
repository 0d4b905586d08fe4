"""Pictures as SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from spotter.explain.layers import Drawing, paste
from spotter.explain.svg import to_svg
from tests.explain.test_layers import drawn_on

SVG = "{http://www.w3.org/2000/svg}"


def elements(picture: Image.Image) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(to_svg(picture)).iter())


def names(picture: Image.Image) -> list[str]:
    return [element.tag.removeprefix(SVG) for element in elements(picture)]


def test_an_empty_picture_is_a_rectangle():
    assert names(Image.new("RGB", (1, 1), "white")) == ["svg", "rect"]


def test_photos_are_jpegs_and_maps_pngs():
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    for image, kind in ((pixels, "jpeg"), (pixels[:8, :8], "png")):
        (found,) = (one for one in elements(Image.fromarray(image)) if one.tag == f"{SVG}image")
        assert found.get("href").startswith(f"data:image/{kind};base64,")


def test_shapes_and_texts_stay_shapes_and_texts():
    picture = drawn_on()
    assert names(picture) == ["svg", "rect", "polyline", "polygon", "rect", "rect", "ellipse", "text"]
    line, *_, text = elements(picture)[2:]
    assert line.get("stroke") == "#ff0000"
    assert line.get("stroke-opacity") == "0.35"
    assert text.text == "a <b>"
    assert float(text.get("x")) + float(text.get("textLength")) / 2 == pytest.approx(40, abs=0.02)


def test_an_outline_lies_inside_its_rectangle():
    picture = Image.new("RGB", (50, 50), "white")
    Drawing(picture).rectangle((10, 10, 39, 29), outline=(0, 0, 0), width=4)
    frame = elements(picture)[-1]
    assert [frame.get(name) for name in ("x", "y", "width", "height")] == ["12", "12", "26", "16"]
    assert frame.get("fill") == "none"


def test_a_pasted_picture_is_moved():
    out = Image.new("RGB", (200, 100), "white")
    paste(out, drawn_on(), 20, 30)
    (group,) = (one for one in elements(out) if one.tag == f"{SVG}g")
    assert group.get("transform") == "translate(20 30)"
