"""Zip archives of annotations: unpacks untrusted ones, packs an export."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from annotation.formats.entries import FormatError
from annotation.upload import DRIVE, MAX_FILES, MAX_RATIO, MAX_TOTAL, SMALL
from annotation.zip_names import DAMAGED_ZIP, decode_names
from spotter.inputs import SUFFIXES
from spotter.language import tr

CHUNK = 2**20  # bytes
COMPRESSED = (".jpg", ".png", ".parquet")
IMAGES = SUFFIXES | {".parquet"}  # which contains the images too
MAX_ANNOTATIONS = 50 * 2**20  # bytes of all other files; they take 25 times that when they are read
MAX_ENTRIES = 2 * MAX_FILES  # images and their annotation files


def unpack(path: Path, folder: Path) -> Path:
    """Unpacks an archive into a folder; the innermost folder that contains everything.

    Raises FormatError; what has been unpacked until then has to be deleted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            decode_names(archive)
            files = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry)]
            if len(files) > MAX_ENTRIES:
                raise FormatError(
                    tr(
                        "The archive has more than {max_entries} files; pack fewer of them.",
                        max_entries=MAX_ENTRIES,
                    )
                )
            images, others = MAX_TOTAL, MAX_ANNOTATIONS
            for entry in files:
                is_image = PurePosixPath(entry.filename).suffix.lower() in IMAGES
                left = images if is_image else others
                size = _write(archive, entry, folder / _safe(entry.filename), left)
                if is_image:
                    images -= size
                else:
                    others -= size
    except DAMAGED_ZIP as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            tr("The zip archive is damaged or compressed with an unknown method; pack it again.")
        ) from error
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir():
        folder = inside[0]
    return folder


def pack(folder: Path, path: Path) -> None:
    """Packs all files of a folder; those that are already compressed, as images are, stay as they are."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                is_compressed = file.suffix.lower() in COMPRESSED
                method = zipfile.ZIP_STORED if is_compressed else zipfile.ZIP_DEFLATED
                archive.write(file, file.relative_to(folder).as_posix(), compress_type=method)


def _safe(name: str) -> Path:
    """An entry's name as a path inside the folder. Raises FormatError."""
    name = name.replace("\\", "/")
    if name.startswith("/") or DRIVE.match(name) or ".." in PurePosixPath(name).parts:
        raise FormatError(tr("A name in the archive points outside it; pack it again."))
    return Path(name)


def _is_hidden(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.startswith("__MACOSX/") or PurePosixPath(entry.filename).name.startswith(".")


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    """The number of unpacked bytes, at most `left`: the declared sizes may be wrong. Raises FormatError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size, most = 0, max(SMALL, MAX_RATIO * entry.compress_size)
    with archive.open(entry) as source, target.open("wb") as out:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise FormatError(tr("A file is compressed more than a hundredfold, as only a zip bomb is."))
            if size > left:
                raise too_large()
            out.write(chunk)
    return size


def too_large() -> FormatError:
    return FormatError(
        tr(
            "The import has more than {max_total} GB of images or {max_annotations} MB "
            "of annotations; import it on the command line.",
            max_total=MAX_TOTAL // 2**30,
            max_annotations=MAX_ANNOTATIONS // 2**20,
        )
    )
