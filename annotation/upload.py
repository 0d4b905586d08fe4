"""Many pictures at once: files, folders, zip archives. What cannot be taken is named with the reason."""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from annotation.store.records import ImageRecord
from annotation.store.store import Store
from spotter.images import MAX_BYTES, ImageError

MAX_FILES = 5000  # of one upload
MAX_TOTAL = 2 * 2**30  # bytes of one upload, unpacked
MAX_RATIO = 100  # unpacked to packed; pictures are below 2, a bomb is near 1000
SMALL = 2**20  # bytes below which the ratio says nothing: a white page packs well
CHUNK = 2**20
DRIVE = re.compile(r"^[A-Za-z]:")

Progress = Callable[[int, int, str], None]  # number done, number of all, name of the next file


# What zipfile raises for an entry that is damaged, locked or packed in a way it does not know.
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass
class UploadReport:
    """What became of every file."""

    added: list[ImageRecord] = field(default_factory=list)
    known: list[ImageRecord] = field(default_factory=list)  # the project had them already
    refused: list[tuple[str, str]] = field(default_factory=list)  # (name, one sentence why)


class _RefusedError(Exception):
    """One file cannot be taken; the message is the reason."""


@dataclass(frozen=True)
class _File:
    name: str  # as the person knows it
    read: Callable[[], bytes]  # raises _RefusedError
    problem: str = ""  # reason to refuse it unread


def upload(
    store: Store, project_id: int, paths: Sequence[str | Path], progress: Progress | None = None
) -> UploadReport:
    """Takes images into a project; each is saved by itself, so a broken-off upload keeps what it had.

    `paths`: image files, folders (with all inside) and zip archives. Raises NotFoundError.
    """
    report = UploadReport()
    files: list[_File] = []
    archives: list[zipfile.ZipFile] = []
    try:
        for path in map(Path, paths):
            try:
                files += _expand(path, archives)
            except _RefusedError as error:
                report.refused.append((path.name, str(error)))
        total = 0
        for number, file in enumerate(files):
            if progress:
                progress(number, len(files), file.name)
            try:
                if number >= MAX_FILES:
                    raise _RefusedError(
                        f"The upload has more than {MAX_FILES} files; send the rest separately."
                    )
                if total > MAX_TOTAL:
                    raise _RefusedError(
                        f"The upload is larger than {MAX_TOTAL // 2**30} GB; send the rest separately."
                    )
                if file.problem:
                    raise _RefusedError(file.problem)
                data = file.read()
                total += len(data)
                record, added = store.add_image(project_id, data, file.name)
                (report.added if added else report.known).append(record)
            except (_RefusedError, ImageError) as error:
                report.refused.append((file.name, str(error)))
        if progress:
            progress(len(files), len(files), "")
    finally:
        for archive in archives:
            archive.close()
    return report


def _expand(path: Path, archives: list[zipfile.ZipFile]) -> Iterator[_File]:
    """The files behind a path; a folder's or an archive's names include the folders inside of it."""
    if path.is_dir():
        yield from _folder(path)
    elif path.is_file() and zipfile.is_zipfile(path) and path.suffix.lower() == ".zip":
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise _RefusedError("The zip archive is damaged; pack it again.") from error
        archives.append(archive)
        yield from _members(archive)
    elif path.suffix.lower() == ".zip" and path.is_file():
        raise _RefusedError("The zip archive is damaged; pack it again.")
    else:
        yield _File(path.name, lambda: _read_file(path))


def _folder(folder: Path) -> Iterator[_File]:
    for root, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            shown = path.relative_to(folder).as_posix()
            problem = _unwanted(shown)
            if path.is_symlink():
                problem = "This is a link to another place; send the file itself."
            yield _File(shown, lambda path=path: _read_file(path), problem)


def _members(archive: zipfile.ZipFile) -> Iterator[_File]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_FILES:
        raise _RefusedError(f"The zip archive holds {len(entries)} files; at most {MAX_FILES} are taken.")
    for entry in entries:
        problem = _suspicious(entry) or _unwanted(entry.filename)
        yield _File(entry.filename, lambda entry=entry: _read_member(archive, entry), problem)


def _suspicious(entry: zipfile.ZipInfo) -> str:
    """Why an entry of an archive is refused unread; "" when it is not."""
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or DRIVE.match(name) or ".." in PurePosixPath(name).parts:
        return "Its name leads out of the archive."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "This is a link to another place; pack the file itself."
    if entry.flag_bits & 1:
        return "It is encrypted; pack it without a password."
    if entry.file_size > MAX_BYTES:
        return f"The file is larger than {MAX_BYTES // 2**20} MB; save the image smaller and try again."
    if entry.file_size > SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "It is packed more than a hundredfold, as only a zip bomb is."
    return ""


def _unwanted(name: str) -> str:
    last = PurePosixPath(name.replace("\\", "/")).name
    if last.startswith(".") or last in ("Thumbs.db", "desktop.ini") or name.startswith("__MACOSX/"):
        return "This is a hidden file of the operating system, not an image."
    if last.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar")):
        return "This is an archive inside of another one; unpack it first."
    return ""


def _read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Counts what really comes out: the sizes that an archive declares may be lies."""
    limit = min(MAX_BYTES, max(SMALL, MAX_RATIO * entry.compress_size))
    data = bytearray()
    try:
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK):
                data += chunk
                if len(data) > limit:
                    raise _RefusedError("It grows too much when it is unpacked, as only a zip bomb does.")
    except DAMAGED_ZIP as error:
        raise _RefusedError("It is damaged or packed in an unknown way; pack it again.") from error
    return bytes(data)


def _read_file(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise _RefusedError("This is not a regular file.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _RefusedError("The file does not exist; check its name and place.") from error
    except OSError as error:
        raise _RefusedError("The file cannot be opened; check its permissions.") from error
