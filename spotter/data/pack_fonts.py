"""Fonts for a pack: subsets of the installed ones."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from spotter.config import PRINTABLE
from spotter.data.pack_file import FONT_TABLE, NOT_STATED, PackPart
from spotter.data.synth.fonts import Face, installed_families

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

UNUSED_TABLES = ["BASE", "DSIG", "FFTM", "GDEF", "GPOS", "GSUB", "STAT", "gasp", "kern", "meta"]
KEPT_NAMES = 0, 13, 14  # of a font: copyright, licence and its address
SUFFIXES = {b"\0\1\0\0": "ttf", b"OTTO": "otf"}  # by the first bytes of a font file


def font_part(more: str | None) -> PackPart:
    """The fonts of both splits, and the table of their families."""
    splits = {"train": installed_families("train", more), "held_out": installed_families("held_out")}
    files: dict[str, bytes] = {}
    terms: dict[str, str] = {}
    table: dict[str, list[list[dict[str, str]]]] = {}
    total = sum(len(faces) for families in splits.values() for faces in families)
    with tqdm(total=total, desc="fonts", unit="font") as progress:
        for split, families in splits.items():
            table[split] = []
            for number, faces in enumerate(families):
                terms[faces[0].family] = _font_terms(faces[0])
                entries = []
                for style, face in enumerate(faces):
                    content = subset_font(face, PRINTABLE)
                    name = (
                        f"fonts/{split}/{number:04}_{face.family}_{style}.{SUFFIXES.get(content[:4], 'font')}"
                    )
                    files[name] = content
                    entries.append({"family": face.family, "kind": face.kind, "file": name})
                    progress.update()
                table[split].append(entries)
    files[FONT_TABLE] = json.dumps(table, indent=0).encode()
    return PackPart("fonts", "Google Fonts and others, by fontpkg (PyPI) and Fontsource (npm)", terms, files)


def _font_terms(face: Face) -> str:
    """The licence in the metadata of a font's package."""
    metadata = json.loads((Path(face.path).parents[1] / "metadata.json").read_text(encoding="utf-8"))
    licence = metadata.get("license") or NOT_STATED
    return licence.get("type") or licence.get("url") or NOT_STATED if isinstance(licence, dict) else licence


def subset_font(face: Face, characters: str) -> bytes:
    """A font file with some characters of a face, without its variations: TrueType or OpenType; a file of
    another kind (Type 1) is returned as it is.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont, TTLibError
    from fontTools.varLib import instancer

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        font = TTFont(face.path, recalcTimestamp=False)
    except TTLibError:
        return Path(face.path).read_bytes()
    coordinates = _coordinates(font, face.instance)
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=["*"])
    options.drop_tables += UNUSED_TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    if coordinates:
        # Overlaps are drawn as they are in the variable font.
        overlap = instancer.OverlapMode.KEEP_AND_DONT_SET_FLAGS
        font = instancer.instantiateVariableFont(font, coordinates, overlap=overlap)
    font["name"].names = [name for name in font["name"].names if name.nameID in KEPT_NAMES]
    font.flavor = None
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _coordinates(font: TTFont, instance: str | None) -> dict[str, float]:
    """Coordinates of a named instance on the axes of a variable font; {} for None."""
    if instance is None:
        return {}
    names = font["name"]
    return next(
        i.coordinates for i in font["fvar"].instances if names.getDebugName(i.subfamilyNameID) == instance
    )
