"""Pictures that remember what was drawn on them, so that they can be saved with sharp lines and texts.

A `Drawing` draws on the picture's pixels as usual and keeps the calls. Any operation of Pillow that makes a
new picture forgets them: what it made is a raster, on which the next drawing starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from PIL import Image, ImageDraw


@dataclass(frozen=True)
class Raster:
    """Pixels, from the upper left corner."""

    picture: Image.Image


@dataclass(frozen=True)
class Call:
    """A call of a method of `ImageDraw.ImageDraw`, which was made for drawing in a mode."""

    method: str
    mode: str | None
    arguments: tuple
    options: dict[str, Any]


@dataclass(frozen=True)
class Pasted:
    """Layers of another picture with their upper left corner at (x, y)."""

    x: int
    y: int
    layers: list[Layer]


Layer: TypeAlias = Raster | Call | Pasted


def layers_of(picture: Image.Image) -> list[Layer]:
    """From the lowest to the uppermost; the list goes on growing with the picture."""
    return vars(picture).setdefault("layers", [Raster(picture.copy())])


def paste(out: Image.Image, picture: Image.Image, x: int, y: int) -> None:
    """Pastes a picture with its layers into `out`, its upper left corner at (x, y)."""
    layers_of(out).append(Pasted(x, y, list(layers_of(picture))))
    out.paste(picture, (x, y))


class Drawing(ImageDraw.ImageDraw):
    """`ImageDraw.Draw(picture, mode)` that keeps its calls among the layers of the picture."""

    def __init__(self, picture: Image.Image, mode: str | None = None) -> None:
        self._layers, self._asked_mode, self._depth = layers_of(picture), mode, 0
        super().__init__(picture, mode)

    def _call(self, method: str, arguments: tuple, options: dict[str, Any]) -> None:
        if not self._depth:  # some methods are made of others
            self._layers.append(Call(method, self._asked_mode, arguments, options))
        self._depth += 1
        try:
            getattr(super(), method)(*arguments, **options)
        finally:
            self._depth -= 1

    def line(self, *arguments: Any, **options: Any) -> None:
        self._call("line", arguments, options)

    def polygon(self, *arguments: Any, **options: Any) -> None:
        self._call("polygon", arguments, options)

    def rectangle(self, *arguments: Any, **options: Any) -> None:
        self._call("rectangle", arguments, options)

    def rounded_rectangle(self, *arguments: Any, **options: Any) -> None:
        self._call("rounded_rectangle", arguments, options)

    def ellipse(self, *arguments: Any, **options: Any) -> None:
        self._call("ellipse", arguments, options)

    def text(self, *arguments: Any, **options: Any) -> None:
        self._call("text", arguments, options)
