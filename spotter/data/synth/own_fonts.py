"""Faces that draw own characters of a project: of the font packages, of Fontsource and of the system."""

from __future__ import annotations

import functools
import logging
import os
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from spotter.data.synth.fonts import TOO_THIN, Face, Fonts, installed_families, is_held_out

SHARE = 0.5  # of the lines that are drawn in these faces
SUFFIXES = {".ttf", ".otf", ".ttc", ".otc", ".woff2"}
MAX_FILES = 2000  # of one folder and those below it that are looked at
# Names of font files: with boxes in place of letters, slanted, or one of the pieces of a Fontsource font.
LEFT_OUT = re.compile(r"last ?resort|blank|unifont|italic|oblique|-\d+-\d{3}-normal", re.IGNORECASE)
SYSTEM_FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": (r"%WINDIR%\Fonts", r"%LOCALAPPDATA%\Microsoft\Windows\Fonts"),
}
FONTSOURCE = "node_modules/@fontsource"  # below the virtual environment: `make .venv/fonts`, or npm --prefix
LINUX_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


class FontsWithOwn(Fonts):
    """Usual fonts, and faces that draw own characters."""

    def __init__(self, usual: Fonts, faces: list[Face]) -> None:
        super().__init__(families=usual.families)
        self.faces = faces

    def sample(self, rng: random.Random) -> Face:
        return rng.choice(self.faces) if rng.random() < SHARE else super().sample(rng)


def with_own(usual: Fonts, characters: str, more: str | None = None) -> Fonts:
    """`usual` itself if no font has one of the own characters. `more`: a folder of Fontsource."""
    faces = faces_with(characters, more)
    return FontsWithOwn(usual, list(faces)) if faces else usual


def without_font(characters: str, more: str | None = None) -> str:
    """The characters that no font has. Raises ImportError without fontTools."""
    found = "".join(face.own for face in faces_with(characters, more))
    return "".join(c for c in characters if c not in found)


@functools.lru_cache(maxsize=4)
def faces_with(characters: str, more: str | None = None) -> tuple[Face, ...]:
    """The faces of the training split that have some of the characters, each with those that it has."""
    wanted, faces = set(characters), []
    for face in _candidates(more):
        if found := wanted & _drawn(face.path):
            faces.append(replace(face, own="".join(sorted(found))))
    return tuple(faces)


def _candidates(more: str | None) -> Iterator[Face]:
    try:
        for faces in installed_families("train"):
            yield from faces
    except RuntimeError:  # no package with fonts is installed
        pass
    folders = SYSTEM_FOLDERS.get(sys.platform, LINUX_FOLDERS)
    installed = str(Path(sys.prefix, FONTSOURCE))
    for folder in dict.fromkeys((more or installed, installed, *folders)):
        root = Path(os.path.expandvars(folder)).expanduser()
        files = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
        for path in files[:MAX_FILES]:
            family = path.stem.partition("-")[0].replace(" ", "_")
            if not (TOO_THIN.search(path.stem) or LEFT_OUT.search(path.stem) or is_held_out(family)):
                yield Face(family, str(path))


@functools.lru_cache(maxsize=512)
def _drawn(path: str) -> frozenset[str]:
    """The characters of a font file; none if it is damaged."""
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(chr(code) for code in font.getBestCmap() or ())
    except Exception:  # a damaged file fails in many ways
        return frozenset()
