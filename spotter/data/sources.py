"""Where the data of a training run comes from: folders and installed packages, or one pack.

A pack (`python -m spotter.training.pack`) is unpacked once, into the user's cache, and then used from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from spotter.data.icdar import AnnotatedImage, read_folder
from spotter.data.synth.backgrounds import Backgrounds
from spotter.data.synth.fonts import Face, Fonts, installed_fonts
from spotter.data.synth.vocabulary import Vocabulary, WordLists, installed_vocabulary

FORMAT = 1  # version of the pack's form
MANIFEST = "manifest.json"
FONT_TABLE = "fonts.json"
MAX_FILES = 100_000  # in a pack
MAX_BYTES = 2_000_000_000  # of all files of a pack together, unpacked


@dataclass(frozen=True)
class Sources:
    """Where the data of a run comes from; picklable, cheap to copy to renderer processes.

    The methods load once per process. They raise ValueError or FileNotFoundError when a folder is wrong or
    the pack is damaged.
    """

    backgrounds: str | None = None  # folder of photographs without text
    data: tuple[str, ...] = ()  # folders of annotated photographs (ICDAR 2015 form)
    fonts: str | None = None  # folder of Fontsource
    pack: str | None = None  # a pack's file; then the three above must be empty

    def __post_init__(self) -> None:
        if self.pack is not None and (self.backgrounds or self.data or self.fonts):
            raise ValueError(
                "A pack replaces the folders of backgrounds, data and fonts: give one or the other."
            )

    def get_fonts(self, split: str = "train") -> Fonts:
        """The fonts of a split, "train" or "held_out"; those of Fontsource are only trained with."""
        if self.pack is not None:
            return _packed_fonts(self.pack, split)
        return (
            installed_fonts(split, self.fonts) if self.fonts and split == "train" else installed_fonts(split)
        )

    def get_vocabulary(self, split: str = "train") -> Vocabulary:
        """The vocabulary of a split."""
        return installed_vocabulary(split) if self.pack is None else _packed_vocabulary(self.pack, split)

    def get_backgrounds(self, split: str = "train") -> Backgrounds:
        """The backgrounds of a split; procedural only when there are no photographs."""
        return _backgrounds(self.backgrounds, self.pack, split)

    def get_photographs(self) -> dict[str, list[AnnotatedImage]]:
        """The annotated photographs by the name of their data set (`data_name`), in the order given."""
        return _photographs(self.data, self.pack)


def data_name(folder: str | Path) -> str:
    """The name of a data set: that of its folder, or of the folder above when it is called `train`."""
    path = Path(folder).resolve()
    return path.parent.name if path.name == "train" else path.name


def folders_by_name(folders: tuple[str, ...]) -> dict[str, Path]:
    """Folders of data by name. Raises ValueError when two have the same one."""
    named: dict[str, Path] = {}
    for folder in folders:
        name = data_name(folder)
        if name in named:
            raise ValueError(f"{named[name]} and {folder} are both named {name}: rename one of them.")
        named[name] = Path(folder)
    return named


def is_safe(name: str) -> bool:
    """Whether a pack may hold a file of this name: a relative path that stays inside of its folder."""
    parts = name.split("/")
    return not any(part in ("", ".", "..") or set(part) & set("\\:\0") for part in parts)


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
    if not is_safe(file) or not (folder / file).is_file():
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


@lru_cache(maxsize=4)
def unpack(pack: str) -> Path:
    """The folder in which a pack is unpacked: in the user's cache, next to the pack when the cache cannot be
    written, or else a temporary folder of this process.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a pack, or damaged.
    """
    path = Path(pack)
    if not path.is_file():
        raise FileNotFoundError(f"There is no pack {pack}.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folders = [place / digest for place in _places(path)]
    for folder in folders:
        if (folder / MANIFEST).is_file():
            return folder
    for folder in folders:
        with contextlib.suppress(OSError):
            return _extract(path, folder)
    return _extract(path, Path(_temporary_folder().name) / digest)


def _places(pack: Path) -> list[Path]:
    """Folders for unpacked packs, the preferred one first."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [Path(cache) / "swintextspotter" / "packs", pack.absolute().parent / ".unpacked"]


@lru_cache(maxsize=1)
def _temporary_folder() -> tempfile.TemporaryDirectory:
    """Is deleted when the process ends."""
    return tempfile.TemporaryDirectory(prefix="swintextspotter-", ignore_cleanup_errors=True)


def _extract(pack: Path, folder: Path) -> Path:
    """Unpacks into a folder, which appears at once with all files; raises OSError if it cannot be written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="unpacking-", dir=folder.parent))
    try:
        for name, content in _checked_files(pack):
            target = scratch / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            scratch.rename(folder)
        except OSError:
            if not (folder / MANIFEST).is_file():  # otherwise another process was faster
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _checked_files(pack: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of a pack. Raises ValueError when anything is wrong with one."""
    try:
        with zipfile.ZipFile(pack) as archive:
            infos = archive.infolist()
            _check_names(infos)
            manifest = _content(archive, MANIFEST)
            sums = _checksums(json.loads(manifest))
            if set(sums) != {info.filename for info in infos} - {MANIFEST}:
                raise ValueError("its files are not those of its manifest")
    except Exception as error:  # a damaged file fails in many ways
        raise ValueError(f"{pack} is not a pack of training data, or damaged: {error}.") from error
    yield MANIFEST, manifest
    with zipfile.ZipFile(pack) as archive:
        for name, checksum in sums.items():
            yield name, _checked_content(pack, archive, name, checksum)


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of an archive; no more of it than its announced size is unpacked."""
    with archive.open(name) as file:
        return file.read(archive.getinfo(name).file_size + 1)


def _check_names(infos: list[zipfile.ZipInfo]) -> None:
    """Raises ValueError with the reason when files of an archive should not be unpacked."""
    names = {info.filename for info in infos}
    if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_BYTES:
        raise ValueError("it is too large")
    if len(names) < len(infos):
        raise ValueError("two of its files have the same name")
    for info in infos:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not is_safe(info.filename) or kind not in (0, stat.S_IFREG):
            raise ValueError(f"{info.filename!r} is not a file inside of the pack")
        if any(str(parent) in names for parent in PurePosixPath(info.filename).parents):
            raise ValueError(f"{info.filename!r} lies in a file")


def _checksums(manifest: dict) -> dict[str, str]:
    """sha256 of the files by their name."""
    if manifest["format"] != FORMAT:
        raise ValueError(f"its format is {manifest['format']!r}, not {FORMAT}: make the pack again")
    if not all(isinstance(part["name"], str) and is_safe(part["name"]) for part in manifest["parts"]):
        raise ValueError("its manifest is damaged")
    return dict(manifest["files"])


def _checked_content(pack: Path, archive: zipfile.ZipFile, name: str, checksum: str) -> bytes:
    try:
        content = _content(archive, name)
    except Exception as error:  # a damaged file fails in many ways
        raise ValueError(f"{pack} is damaged: {name} cannot be unpacked ({error}).") from error
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ValueError(f"{pack} is damaged: {name} has a wrong checksum.")
    return content
