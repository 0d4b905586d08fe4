"""Fonts of the packages that are installed, and their glyphs as cached masks.

Packages are `fontpkg-*` from PyPI (requirements-train.txt) and, for training alone, those of Fontsource from
npm (requirements-fonts.txt).
"""

from __future__ import annotations

import functools
import json
import pkgutil
import random
import re
import string
import zlib
from dataclasses import dataclass
from importlib.machinery import FileFinder
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZES = (32, 64, 96)  # em sizes at which glyphs are drawn, in pixels
CAPS_LETTERS = "abdeghnqrt"  # unlike their capitals
CAPS_ALIKE = 0.91  # overlap of small and capital letters: 0.92 and more in fonts of capitals only
HELD_OUT_PERCENT = 12
FACES_PER_FAMILY = 4
MIN_WEIGHT = 400  # of Fontsource's faces; 400 is regular
TOO_THIN = re.compile(r"thin|hairline|light", re.IGNORECASE)
_FREQUENCIES = {"SANS_SERIF": 2.0, "SERIF": 1.5, "HANDWRITING": 0.6}  # of a kind; others 1


@dataclass(frozen=True)
class Glyph:
    """One character drawn at one size; lengths in pixels of that size, y down from the baseline."""

    mask: np.ndarray  # (h, w) uint8, 255 is ink; tight around the ink
    left: int  # from the pen to the first column of the mask
    top: int  # from the baseline to the first row of the mask, negative above it
    advance: float  # from this pen to the next one


@dataclass(frozen=True)
class Face:
    """One style of a family: a font file, and the named instance when the file is a variable font."""

    family: str
    path: str
    instance: str | None = None
    kind: str = "SANS_SERIF"  # category of Google Fonts
    own: str = ""  # own characters of a project that it draws (see own_fonts); it may lack others

    @property
    def caps_only(self) -> bool:
        """Whether lower-case letters are drawn as capitals: a label in lower case would be wrong."""
        return _caps_only(self)

    @property
    def script(self) -> bool:
        """Whether words all in capitals are hard to read in it."""
        return self.kind == "HANDWRITING"


@functools.lru_cache(maxsize=2048)
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)
    if face.instance is not None:
        font.set_variation_by_name(face.instance)
    return font


def _draw(font: ImageFont.FreeTypeFont, size: int, text: str) -> tuple[np.ndarray, int, int]:
    """Ink of the text, cropped: (h, w) uint8, left and top from the pen."""
    image = Image.new("L", (4 * size, 4 * size))
    ImageDraw.Draw(image).text((size, 2 * size), text, fill=255, font=font, anchor="ls")
    box = image.getbbox()
    if box is None:
        return np.zeros((0, 0), np.uint8), 0, 0
    return np.array(image.crop(box)), box[0] - size, box[1] - 2 * size


@functools.lru_cache(maxsize=131072)
def glyph(face: Face, size: int, character: str) -> Glyph | None:
    """The glyph of a character, None when the font lacks it."""
    font = _font(face, size)
    mask, left, top = _draw(font, size, character)
    may_lack = bool(face.own) or not character.isalnum()
    if mask.size == 0 or (may_lack and np.array_equal(mask, _missing(face, size))):
        return None
    return Glyph(mask, left, top, font.getlength(character))


def _letter(face: Face, size: int, character: str) -> Glyph:
    """The glyph of a letter, or of an own character where the font has no letters."""
    found = next((g for c in (character, *face.own) if (g := glyph(face, size, c))), None)
    assert found is not None
    return found


@functools.lru_cache(maxsize=2048)
def _missing(face: Face, size: int) -> np.ndarray:
    """The box a font draws for characters it does not have."""
    return _draw(_font(face, size), size, "\U000f1234")[0]


@functools.lru_cache(maxsize=2048)
def stroke(face: Face, size: int) -> float:
    """Width of the strokes in pixels: the mean over some letters of the widest one of each."""
    masks = [np.pad(_letter(face, size, c).mask, 1) for c in "aenorstHE"]
    widest = [cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3).max() for mask in masks]
    return 2 * float(np.mean(widest))


@functools.lru_cache(maxsize=2048)
def _caps_only(face: Face) -> bool:
    """Whether most small letters, stretched to the size of the capitals, are the capitals."""
    if glyph(face, SIZES[1], "a") is None:
        return False
    common = []
    for letter in CAPS_LETTERS:
        small, capital = (
            cv2.resize(_letter(face, SIZES[1], c).mask, (24, 24), interpolation=cv2.INTER_AREA).astype(float)
            for c in (letter, letter.upper())
        )
        common.append(2 * np.minimum(small, capital).sum() / (small + capital).sum())
    return bool(np.median(common) > CAPS_ALIKE)


def _has_letters(face: Face) -> bool:
    """Whether a font has the letters and digits of English; those of icons or of other scripts lack them."""
    size = SIZES[0]
    drawn = [glyph(face, size, c) for c in string.ascii_letters + string.digits]
    return all(g is not None and not np.array_equal(g.mask, _missing(face, size)) for g in drawn)


def cap_height(face: Face, size: int) -> int:
    """Height of a capital H in pixels."""
    return _letter(face, size, "H").mask.shape[0]


def is_held_out(family: str) -> bool:
    """Whether a family belongs to the held-out split, by its name with '_' between the words."""
    return zlib.crc32(f"family:{family}".encode()) % 100 < HELD_OUT_PERCENT


def _installed_families() -> dict[str, Path]:
    """Folder of every font package from PyPI, by family."""
    return {
        module.name.removeprefix("fontpkg_"): Path(module.module_finder.path) / module.name
        for module in pkgutil.iter_modules()
        if module.name.startswith("fontpkg_") and isinstance(module.module_finder, FileFinder)
    }


def _faces(family: str, folder: Path) -> list[Face]:
    """The styles of a family from PyPI, without thin ones."""
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    kind = (metadata.get("category") or ["DISPLAY"])[0]
    faces = []
    for path in sorted((folder / "files").glob("*.ttf")):
        if "[" not in path.name:
            if not TOO_THIN.search(path.stem.partition("-")[2]):
                faces.append(Face(family, str(path), None, kind))
            continue
        instances = ImageFont.truetype(str(path), SIZES[0]).get_variation_names()
        names = [name.decode() for name in instances]
        faces += [Face(family, str(path), name, kind) for name in names if not TOO_THIN.search(name)]
    return faces


def _fontsource_faces(folder: Path) -> list[Face]:
    """The upright styles of a family of Fontsource, without thin ones."""
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    kind = metadata["category"].upper().replace("-", "_")
    paths = [folder / "files" / f"{folder.name}-latin-{w}-normal.woff2" for w in metadata["weights"]]
    return [
        Face(folder.name.replace("-", "_"), str(path), None, kind)
        for weight, path in zip(metadata["weights"], paths, strict=True)
        if path.is_file() and (weight >= MIN_WEIGHT or len(paths) == 1)
    ]


def _fontsource(root: Path) -> list[list[Face]]:
    """The families of Fontsource in a folder that belong to the training split and draw English."""
    folders = sorted(path.parent for path in root.glob("*/metadata.json"))
    if not folders:
        raise ValueError(f"{root} holds no font of Fontsource: `make .venv/fonts` puts them there.")
    families = [
        _spread(_fontsource_faces(folder))
        for folder in folders
        if not is_held_out(folder.name.replace("-", "_"))
    ]
    return [faces for faces in families if faces and _has_letters(faces[0])]


def _spread(faces: list[Face]) -> list[Face]:
    """At most FACES_PER_FAMILY of them, spread over the weights."""
    steps = np.linspace(0, len(faces) - 1, min(len(faces), FACES_PER_FAMILY)).round().astype(int)
    return [faces[step] for step in steps]


def installed_families(split: str, more: str | None = None) -> list[list[Face]]:
    """The faces of each installed family of a split and of the families in the Fontsource folder `more`.

    Raises RuntimeError when no font is installed, ValueError when `more` holds none.
    """
    installed = _installed_families()
    chosen = sorted(name for name in installed if is_held_out(name) == (split == "held_out"))
    if not chosen:
        raise RuntimeError(
            f"no font of the {split} split is installed: pip install --no-deps -r requirements-train.txt"
        )
    families = [_spread(_faces(name, installed[name])) for name in chosen]
    if more is not None:
        families += _fontsource(Path(more))
    return [faces for faces in families if faces]


class Fonts:
    """The faces of one split; for training, with those of Fontsource in the folder `more`."""

    def __init__(
        self, split: str = "train", more: str | None = None, families: list[list[Face]] | None = None
    ) -> None:
        """`families`: use these instead of the installed ones.

        Raises RuntimeError when no font is installed, ValueError when `more` holds none.
        """
        self.families = installed_families(split, more) if families is None else families
        self._cumulative = list(accumulate(_FREQUENCIES.get(faces[0].kind, 1.0) for faces in self.families))

    def sample(self, rng: random.Random) -> Face:
        """A face: first a family, by how common its kind is, then one of its styles."""
        faces = rng.choices(self.families, cum_weights=self._cumulative)[0]
        return rng.choice(faces)


@functools.lru_cache(maxsize=3)
def installed_fonts(split: str, more: str | None = None) -> Fonts:
    """The fonts of a split, "train" or "held_out", and of the folder `more`; made once per process."""
    return Fonts(split, more)
