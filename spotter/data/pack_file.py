"""The file format of packs: a zip file with a manifest, written the same for the same content and unpacked
without trusting it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from spotter.data.user_cache import user_cache

FORMAT = 1  # version of the format
MANIFEST = "manifest.json"
FONT_TABLE = "fonts.json"
MAX_FILES = 100_000  # in a pack
MAX_BYTES = 2_000_000_000  # of all files of a pack together, unpacked
NOT_STATED = "not stated"  # terms that nobody stated
TIME = 1980, 1, 1, 0, 0, 0  # of all files in the pack, the earliest in a zip file


class PackError(ValueError):
    """No pack can be made; the message is one sentence."""


@dataclass(frozen=True)
class PackPart:
    """Files of a pack that come from one source."""

    name: str
    source: str
    terms: str | dict[str, str]  # dict: by font family, package or folder
    files: dict[str, bytes] = field(default_factory=dict)  # by their name in the pack


def is_safe_name(name: str) -> bool:
    """Whether a pack may hold a file of this name: a relative path that stays inside its folder."""
    parts = name.split("/")
    return not any(part in ("", ".", "..") or set(part) & set("\\:\0") for part in parts)


def write_pack(file: Path, parts: list[PackPart], photographs: str | None) -> int:
    """Writes the files of the parts and the manifest; returns the size of the zip file in bytes.

    photographs: how they are encoded, for the manifest.
    """
    files = {name: content for part in parts for name, content in part.files.items()}
    manifest = {
        "format": FORMAT,
        "photographs": photographs,
        "parts": [
            {"name": part.name, "source": part.source, "terms": part.terms, "files": len(part.files)}
            for part in parts
        ],
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    files[MANIFEST] = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, TIME)
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".webp") else zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name], compresslevel=9)
    return file.stat().st_size


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
    folders = [parent / digest for parent in _cache_folders(path)]
    for folder in folders:
        if (folder / MANIFEST).is_file():
            return folder
    for folder in folders:
        with contextlib.suppress(OSError):
            return _extract(path, folder)
    return _extract(path, Path(_temporary_folder().name) / digest)


def _cache_folders(pack: Path) -> list[Path]:
    """Folders for unpacked packs, the preferred one first."""
    return [user_cache() / "packs", pack.absolute().parent / ".unpacked"]


@lru_cache(maxsize=1)
def _temporary_folder() -> tempfile.TemporaryDirectory:
    """A folder that is deleted when the process ends."""
    return tempfile.TemporaryDirectory(prefix="swintextspotter-", ignore_cleanup_errors=True)


def _extract(pack: Path, folder: Path) -> Path:
    """Unpacks into a folder that appears complete, by a rename. Raises OSError if it cannot be written."""
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
        if not is_safe_name(info.filename) or kind not in (0, stat.S_IFREG):
            raise ValueError(f"{info.filename!r} is not a file inside the pack")
        if any(str(parent) in names for parent in PurePosixPath(info.filename).parents):
            raise ValueError(f"{info.filename!r} lies in a file")


def _checksums(manifest: dict) -> dict[str, str]:
    """sha256 of the files by their name."""
    if manifest["format"] != FORMAT:
        raise ValueError(f"its format is {manifest['format']!r}, not {FORMAT}: make the pack again")
    if not all(isinstance(part["name"], str) and is_safe_name(part["name"]) for part in manifest["parts"]):
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
