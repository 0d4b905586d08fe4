"""Annotations in a zip archive: unpacked without trusting it, packed with what an export wrote."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from annotation.formats.entries import FormatError
from annotation.upload import DAMAGED_ZIP, DRIVE, MAX_FILES, MAX_TOTAL

CHUNK = 2**20


def unpack(path: Path, folder: Path) -> Path:
    """Writes the files of an archive into a folder; the folder inside in which they all lie.

    Raises FormatError, and what was unpacked until then has to be thrown away.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry)]
            if len(files) > 2 * MAX_FILES:
                raise FormatError(f"The archive has more than {2 * MAX_FILES} files; pack fewer of them.")
            left = MAX_TOTAL
            for entry in files:
                left -= _write(archive, entry, folder / _safe(entry.filename), left)
    except DAMAGED_ZIP as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("The zip archive is damaged or packed in an unknown way; pack it again.") from error
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir():
        folder = inside[0]
    return folder


def pack(folder: Path, path: Path) -> None:
    """All files of a folder into an archive; only texts are squeezed, as pictures are packed already."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                picture = file.suffix.lower() in (".jpg", ".png")
                how = zipfile.ZIP_STORED if picture else zipfile.ZIP_DEFLATED
                archive.write(file, file.relative_to(folder).as_posix(), compress_type=how)


def _safe(name: str) -> Path:
    name = name.replace("\\", "/")
    if name.startswith("/") or DRIVE.match(name) or ".." in PurePosixPath(name).parts:
        raise FormatError("A name in the archive leads out of it; pack it again.")
    return Path(name)


def _is_hidden(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.startswith("__MACOSX/") or PurePosixPath(entry.filename).name.startswith(".")


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    """The number of bytes that came out: the sizes that an archive declares may be lies."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, target.open("wb") as out:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > left:
                raise FormatError(
                    f"The archive holds more than {MAX_TOTAL // 2**30} GB; import it on the command line."
                )
            out.write(chunk)
    return size
