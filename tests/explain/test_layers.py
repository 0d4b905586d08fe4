"""Pictures that remember what was drawn on them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import font
from spotter.explain.layers import Call, Drawing, Layer, Pasted, Raster, layers_of, paste


def drawn_again(layers: list[Layer]) -> Image.Image:
    """A picture made of its layers alone."""
    ground, *others = layers
    assert isinstance(ground, Raster)
    picture = ground.picture.copy()
    for layer in others:
        if isinstance(layer, Call):
            draw = ImageDraw.Draw(picture, layer.mode)
            getattr(draw, layer.method)(*layer.arguments, **layer.options)
        else:
            assert isinstance(layer, Pasted)
            picture.paste(drawn_again(layer.layers), (layer.x, layer.y))
    return picture


def is_complete(picture: Image.Image) -> bool:
    """Whether nothing that is on the picture is missing among its layers."""
    return np.array_equal(np.asarray(drawn_again(layers_of(picture))), np.asarray(picture))


def drawn_on(size: tuple[int, int] = (80, 60)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    draw = Drawing(picture, "RGBA")
    draw.line([(2, 3), (40, 30), (60, 5)], fill=(255, 0, 0, 90), width=5, joint="curve")
    draw.polygon([(5, 5), (30, 9), (12, 40)], fill=(0, 90, 0), outline=(0, 0, 0))
    draw.rectangle((30, 20, 70, 50), outline=(0, 0, 200), width=3)
    draw.rounded_rectangle((50, 30, 75, 55), 0, fill=(9, 9, 9, 120))
    draw.ellipse((4, 40, 20, 56), fill=(230, 159, 0))
    draw.text((40, 30), "a <b>", fill=(0, 0, 0), font=font(14), anchor="mm")
    return picture


def test_a_picture_without_drawing_is_one_raster():
    picture = Image.new("RGB", (1, 1))
    assert [type(layer) for layer in layers_of(picture)] == [Raster]
    assert is_complete(picture)


def test_layers_make_the_picture_again():
    picture = drawn_on()
    assert (
        sum(isinstance(layer, Call) for layer in layers_of(picture)) == 6
    )  # a rectangle without round corners is one
    assert is_complete(picture)


def test_a_pasted_picture_comes_with_its_layers():
    out = Image.new("RGB", (200, 100), "white")
    paste(out, drawn_on(), 20, 30)
    Drawing(out).line([(0, 0), (199, 99)], fill=(0, 0, 0))
    assert [type(layer) for layer in layers_of(out)] == [Raster, Pasted, Call]
    assert is_complete(out)


def test_what_pillow_makes_of_a_picture_is_a_raster():
    picture = drawn_on()
    for other in (picture.resize((40, 30)), Image.blend(picture, picture, 0.5), picture.copy()):
        assert len(layers_of(other)) == 1
        assert is_complete(other)
    assert is_complete(picture)
