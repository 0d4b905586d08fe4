"""Where the data of a training run comes from: folders and installed packages, or one pack.

A pack (`python -m spotter.training.pack`) is unpacked once, into the user's cache.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spotter.data.icdar import AnnotatedImage, read_folder
from spotter.data.pack_file import FONT_TABLE, MANIFEST, is_safe_name, unpack
from spotter.data.synth.backgrounds import Backgrounds
from spotter.data.synth.fonts import Face, Fonts, installed_fonts
from spotter.data.synth.vocabulary import Vocabulary, WordLists, installed_vocabulary


@dataclass(frozen=True)
class Sources:
    """Where the data of a run comes from; picklable, cheap to copy to renderer processes.

    The methods load once per process. They raise ValueError or FileNotFoundError when a folder is wrong or
    the pack is damaged.
    """

    backgrounds: str | None = None  # folder of photographs without text
    data: tuple[str, ...] = ()  # folders of annotated photographs (ICDAR 2015 format)
    fonts: str | None = None  # folder of Fontsource
    pack: str | None = None  # a pack's file; then the three above must be empty
    own_characters: str = ""  # to render words with, besides printable ASCII, in fonts that have them
    own_words: tuple[str, ...] = ()  # words with own characters, to render too

    def __post_init__(self) -> None:
        if self.pack is not None and (self.backgrounds or self.data or self.fonts):
            raise ValueError(
                "A pack replaces the folders of backgrounds, data and fonts: give one or the other."
            )

    def get_fonts(self, split: str = "train") -> Fonts:
        """The fonts of a split, "train" or "held_out"; those of Fontsource and those with own characters only
        belong to "train".
        """
        more = self.fonts if split == "train" else None
        if self.pack is not None:
            usual = _packed_fonts(self.pack, split)
        else:
            usual = installed_fonts(split, more) if more else installed_fonts(split)
        if not self.own_characters or split != "train":
            return usual
        from spotter.data.synth.own_fonts import with_own  # late: needs fontTools

        return with_own(usual, self.own_characters, more)

    def get_vocabulary(self, split: str = "train") -> Vocabulary:
        """The vocabulary of a split; own words only belong to "train"."""
        usual = installed_vocabulary(split) if self.pack is None else _packed_vocabulary(self.pack, split)
        return usual.with_own(self.own_words) if self.own_words and split == "train" else usual

    def get_backgrounds(self, split: str = "train") -> Backgrounds:
        """The backgrounds of a split; procedural only when there are no photographs."""
        return _backgrounds(self.backgrounds, self.pack, split)

    def get_photographs(self) -> dict[str, list[AnnotatedImage]]:
        """The annotated photographs of each data set by its name (`data_name`), in the order given."""
        return _photographs(self.data, self.pack)


def data_name(folder: str | Path) -> str:
    """The name of a data set: that of its folder, or of the folder above when it is called `train`."""
    path = Path(folder).resolve()
    return path.parent.name if path.name == "train" else path.name


def folders_by_name(folders: tuple[str, ...]) -> dict[str, Path]:
    """Folders of data by name. Raises ValueError when two have the same name."""
    named: dict[str, Path] = {}
    for folder in folders:
        name = data_name(folder)
        if name in named:
            raise ValueError(f"{named[name]} and {folder} are both named {name}: rename one of them.")
        named[name] = Path(folder)
    return named


@lru_cache(maxsize=4)
def _packed_fonts(pack: str, split: str) -> Fonts:
    folder = unpack(pack)
    try:
        table = json.loads((folder / FONT_TABLE).read_bytes())[split]
        families = [[_face(folder, **entry) for entry in family] for family in table]
    except Exception as error:  # a damaged file fails in many ways
        raise ValueError(f"The fonts of the {split} split in {pack} are damaged.") from error
    if not families or not all(families):
        raise ValueError(f"{pack} lacks fonts of the {split} split.")
    return Fonts(split, families=families)


def _face(folder: Path, family: str, kind: str, file: str) -> Face:
    """A face of the pack that is unpacked in a folder."""
    if not is_safe_name(file) or not (folder / file).is_file():
        raise ValueError(f"{file} is missing.")
    return Face(family, str(folder / file), None, kind)


@lru_cache(maxsize=4)
def _packed_vocabulary(pack: str, split: str) -> Vocabulary:
    path = unpack(pack) / "words" / f"{split}.json"
    try:
        return Vocabulary(split, WordLists.from_json(path.read_bytes()))
    except (ValueError, OSError) as error:
        raise ValueError(f"The words of the {split} split in {pack} are damaged.") from error


@lru_cache(maxsize=4)
def _backgrounds(folder: str | None, pack: str | None, split: str) -> Backgrounds:
    if pack is None:
        return Backgrounds(folder, split)
    photographs = unpack(pack) / "backgrounds"
    if not photographs.is_dir():
        return Backgrounds(None, split)
    if not (photographs / split).is_dir():
        raise FileNotFoundError(f"{pack} holds no background of the {split} split.")
    return Backgrounds(photographs / split, None)


@lru_cache(maxsize=4)
def _photographs(folders: tuple[str, ...], pack: str | None) -> dict[str, list[AnnotatedImage]]:
    if pack is None:
        return {name: read_folder(folder) for name, folder in folders_by_name(folders).items()}
    folder = unpack(pack)
    parts = [part["name"] for part in json.loads((folder / MANIFEST).read_bytes())["parts"]]
    names = [name.removeprefix("data/") for name in parts if name.startswith("data/")]
    return {name: read_folder(folder / "data" / name) for name in names}
