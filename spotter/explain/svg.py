"""A picture as SVG: what was drawn on it as shapes and texts, photos and maps as embedded images."""

from __future__ import annotations

import inspect
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from spotter.explain.layers import Call, Layer, Raster, layers_of

MAX_PALETTE = 1024  # colours of a map; what has more is a photo, and embedded as a JPEG
FALLBACKS = "Verdana, 'Noto Sans KR', sans-serif"  # for viewers without the fonts of this project
MIDDLE = 0.5  # Pillow counts pixels, SVG the lines between them


def to_svg(picture: Image.Image) -> str:
    width, height = picture.size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">\n{draw_layers(layers_of(picture))}\n</svg>\n'
    )


def draw_layers(layers: Sequence[Layer]) -> str:
    return "\n".join(draw_layer(layer) for layer in layers)


def draw_layer(layer: Layer) -> str:
    if isinstance(layer, Raster):
        return draw_raster(layer.picture)
    if isinstance(layer, Call):
        return draw_call(layer)
    return f'<g transform="translate({layer.x} {layer.y})">\n{draw_layers(layer.layers)}\n</g>'


def draw_raster(picture: Image.Image) -> str:
    """An image, or a rectangle if it has only one colour."""
    picture = picture.convert("RGB")
    width, height = picture.size
    colours = picture.getcolors(MAX_PALETTE)
    if colours is not None and len(colours) == 1:
        return f'<rect width="{width}" height="{height}" {paint("fill", colours[0][1])}/>'
    data = BytesIO()
    if colours is None:
        picture.save(data, "JPEG", quality=90)
    else:
        picture.save(data, "PNG", compress_level=1)
    kind, text = ("jpeg" if colours is None else "png"), b64encode(data.getvalue()).decode("ascii")
    return f'<image width="{width}" height="{height}" href="data:image/{kind};base64,{text}"/>'


@cache
def signature(method: str) -> inspect.Signature:
    return inspect.signature(getattr(ImageDraw.ImageDraw, method))


def draw_call(call: Call) -> str:
    bound = signature(call.method).bind(None, *call.arguments, **call.options)
    bound.apply_defaults()
    values = bound.arguments
    if call.method == "text":
        return draw_text(values)
    points = np.asarray(values["xy"], float).reshape(-1, 2)
    if call.method in ("line", "polygon"):
        name = "polyline" if call.method == "line" else "polygon"
        shape = f'{name} points="{" ".join(f"{number(x)},{number(y)}" for x, y in points + MIDDLE)}"'
        if call.method == "line":
            width = max(values["width"], 1)
            join = ' stroke-linejoin="round"' if values["joint"] else ""
            return f'<{shape} fill="none" {paint("stroke", values["fill"])} stroke-width="{width}"{join}/>'
        return f"<{shape} {filled(values)}/>"
    inset = values["width"] / 2 if values["outline"] else 0  # an outline lies inside
    (x1, y1), (x2, y2) = points[0] + inset, points[1] + 1 - inset
    if call.method == "ellipse":
        middle = f'cx="{number((x1 + x2) / 2)}" cy="{number((y1 + y2) / 2)}"'
        return (
            f'<ellipse {middle} rx="{number((x2 - x1) / 2)}" ry="{number((y2 - y1) / 2)}" {filled(values)}/>'
        )
    corner = f' rx="{number(values["radius"])}"' if call.method == "rounded_rectangle" else ""
    place = f'x="{number(x1)}" y="{number(y1)}" width="{number(max(x2 - x1, 0))}"'
    return f'<rect {place} height="{number(max(y2 - y1, 0))}"{corner} {filled(values)}/>'


def draw_text(values: dict[str, Any]) -> str:
    """One line; a viewer without the font gives it the same width."""
    font: ImageFont.FreeTypeFont = values["font"]
    anchor, (x, y), text = values["anchor"] or "la", values["xy"], values["text"]
    ascent, descent = font.getmetrics()
    baseline = y + {"a": ascent, "m": (ascent - descent) / 2, "s": 0}[anchor[1]]
    width = font.getlength(text)
    left = x - width * {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
    halo = ""
    if values["stroke_width"]:
        halo = (
            f' {paint("stroke", values["stroke_fill"])} stroke-width="{2 * values["stroke_width"]}" '
            'stroke-linejoin="round" paint-order="stroke"'
        )
    return (
        f'<text x="{number(left)}" y="{number(baseline)}" font-family="\'{font.getname()[0]}\', {FALLBACKS}" '
        f'font-size="{number(font.size)}" textLength="{number(width)}" lengthAdjust="spacingAndGlyphs" '
        f'{paint("fill", values["fill"])}{halo} xml:space="preserve">{escape(text)}</text>'
    )


def filled(values: dict[str, Any]) -> str:
    """Attributes for the inside and the outline of a shape."""
    outline = ""
    if values["outline"]:
        outline = f' {paint("stroke", values["outline"])} stroke-width="{values["width"]}"'
    return paint("fill", values["fill"]) + outline


def paint(attribute: str, colour: Any) -> str:
    """A colour as an attribute, with its opacity if it has one."""
    if colour is None:
        return f'{attribute}="none"'
    red, green, blue, *alpha = ImageColor.getrgb(colour) if isinstance(colour, str) else colour
    text = f'{attribute}="#{red:02x}{green:02x}{blue:02x}"'
    return text + (f' {attribute}-opacity="{number(alpha[0] / 255)}"' if alpha and alpha[0] < 255 else "")


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
