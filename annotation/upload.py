"""Adds files, folders and zip archives of images to a project, and reports why a file was refused."""

from __future__ import annotations

import os
import re
import stat
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from annotation.store.images import MAX_NAME, display_name, distinct_names, encode
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from annotation.zip_names import DAMAGED_ZIP, decode_names
from spotter.images import MAX_BYTES, MAX_PAGES, ImageError, count_pages, page_name, read_image
from spotter.language import tr

MAX_FILES = 5000  # per upload
MAX_TOTAL = 2 * 2**30  # bytes per upload, unpacked
MAX_RATIO = 100  # unpacked to packed size; of images it is below 2, of a zip bomb near 1000
SMALL = 2**20  # bytes up to which the ratio is ignored: a white page compresses well
CHUNK = 2**20  # bytes
PAGES_SECONDS = 120  # per file
DRIVE = re.compile(r"^[A-Za-z]:")

Progress = Callable[[int, int, str], None]  # (number done, total number, name of the next file)


@dataclass
class UploadReport:
    """The result of an upload: every file is in one of the lists."""

    added: list[ImageRecord] = field(default_factory=list)
    existing: list[ImageRecord] = field(default_factory=list)  # already in the project
    refused: list[tuple[str, str]] = field(default_factory=list)  # (name, reason in one sentence)
    notes: list[tuple[str, str]] = field(default_factory=list)  # (name, what became of it)

    def add(self, record: ImageRecord, is_new: bool, name: str) -> None:
        """`name`: that the image came with."""
        (self.added if is_new else self.existing).append(record)
        if not is_new and display_name(name) != record.name:
            self.notes.append(
                (name, tr("It is the same photo as {name}, which is in the project.", name=record.name))
            )

    @property
    def photos(self) -> int:
        return len(self.added) + len(self.existing)


class _RefusedError(Exception):
    """A file is refused; the message is the reason."""


@dataclass(frozen=True)
class _File:
    name: str  # for display
    read: Callable[[], bytes]  # raises _RefusedError
    problem: str = ""  # the reason if it is refused unread


def upload(
    store: Store, project_id: int, paths: Sequence[str | Path], progress: Progress | None = None
) -> UploadReport:
    """Adds images to a project, each in its own transaction: an interrupted upload keeps what it has added.
    The pages of a PDF, a TIFF or an animation become images of their own.

    `paths`: image files, folders (with their subfolders) and zip archives. Raises NotFoundError.
    """
    report = UploadReport()
    files: list[_File] = []
    with ExitStack() as archives:
        for path in map(Path, paths):
            try:
                files += _expand(path, archives)
            except _RefusedError as error:
                report.refused.append((path.name, str(error)))
        total = 0
        names = distinct_names([file.name for file in files])
        for number, (file, name) in enumerate(zip(files, names, strict=True)):
            if progress:
                progress(number, len(files), file.name)
            try:
                if max(number, report.photos) >= MAX_FILES:
                    raise _RefusedError(
                        tr(
                            "The upload has more than {max_files} files; send the rest separately.",
                            max_files=MAX_FILES,
                        )
                    )
                if total > MAX_TOTAL:
                    raise _RefusedError(
                        tr(
                            "The upload is larger than {max_total} GB; send the rest separately.",
                            max_total=MAX_TOTAL // 2**30,
                        )
                    )
                if file.problem:
                    raise _RefusedError(file.problem)
                data = file.read()
                total += len(data)
                if (pages := count_pages(data)) > 1:
                    _add_pages(store, project_id, data, name, pages, report)
                else:
                    report.add(*store.add_image(project_id, data, name), name)
            except (_RefusedError, ImageError) as error:
                report.refused.append((file.name, str(error)))
        if progress:
            progress(len(files), len(files), "")
    return report


def _add_pages(
    store: Store, project_id: int, data: bytes, file: str, count: int, report: UploadReport
) -> None:
    end = time.monotonic() + PAGES_SECONDS
    shown = file[-MAX_NAME // 2 :]
    names: list[str] = []
    for number in range(1, min(count, MAX_PAGES) + 1):
        name = page_name(shown, number, count)
        if time.monotonic() > end:
            report.refused.append(
                (name, tr("It and the pages after it would take too long; split the file."))
            )
            break
        try:
            report.add(*store.add_image(project_id, encode(read_image(data, number))[0], name), name)
            names.append(name)
        except ImageError as error:
            report.refused.append((name, str(error)))
    if count > MAX_PAGES:
        report.refused.append(
            (file, tr("Only its first {max_pages} pages were added; split the file.", max_pages=MAX_PAGES))
        )
    if names:
        report.notes.append(
            (
                file,
                tr(
                    "{count} pages became images of their own, from {names} on.",
                    count=len(names),
                    names=names[0],
                ),
            )
        )


def _expand(path: Path, archives: ExitStack) -> Iterator[_File]:
    """The files of a path; `archives` closes the opened ones. Raises _RefusedError."""
    if path.is_dir():
        yield from _folder(path)
    elif path.is_file() and zipfile.is_zipfile(path) and path.suffix.lower() == ".zip":
        try:
            archive = archives.enter_context(zipfile.ZipFile(path))
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise _RefusedError(tr("The zip archive is damaged; pack it again.")) from error
        yield from _members(archive)
    elif path.suffix.lower() == ".zip" and path.is_file():
        raise _RefusedError(tr("The zip archive is damaged; pack it again."))
    else:
        yield _File(path.name, partial(_read_file, path), _hidden(path.name))


def _folder(folder: Path) -> Iterator[_File]:
    for root, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            shown = path.relative_to(folder).as_posix()
            problem = _unwanted(shown)
            if path.is_symlink():
                problem = tr("This is a link to another file; upload the file itself.")
            yield _File(shown, partial(_read_file, path), problem)


def _members(archive: zipfile.ZipFile) -> Iterator[_File]:
    decode_names(archive)
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_FILES:
        raise _RefusedError(
            tr(
                "The zip archive contains {count} files; at most {max_files} are allowed.",
                count=len(entries),
                max_files=MAX_FILES,
            )
        )
    for entry in entries:
        problem = _suspicious(entry) or _unwanted(entry.filename)
        yield _File(entry.filename, partial(_read_member, archive, entry), problem)


def _suspicious(entry: zipfile.ZipInfo) -> str:
    """The reason to refuse an entry of an archive unread; "" if there is none."""
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or DRIVE.match(name) or ".." in PurePosixPath(name).parts:
        return tr("Its name points outside the archive.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return tr("This is a link to another file; pack the file itself.")
    if entry.flag_bits & 1:
        return tr("It is encrypted; pack it without a password.")
    if entry.file_size > MAX_BYTES:
        return tr(
            "The file is larger than {max_bytes} MB; save the image smaller and try again.",
            max_bytes=MAX_BYTES // 2**20,
        )
    if entry.file_size > SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return tr("It is compressed more than a hundredfold, as only a zip bomb is.")
    return ""


def _unwanted(name: str) -> str:
    """The reason to refuse a file because of its name; "" if there is none."""
    last = PurePosixPath(name.replace("\\", "/")).name
    if _hidden(last) or name.startswith("__MACOSX/"):
        return _hidden_reason()
    if last.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar")):
        return tr("This is an archive inside another one; unpack it first.")
    return ""


def _hidden(name: str) -> str:
    """The reason to refuse a file whose name is that of a hidden one; "" for others."""
    return _hidden_reason() if name.startswith(".") or name in ("Thumbs.db", "desktop.ini") else ""


def _hidden_reason() -> str:
    return tr("This is a hidden file of the operating system, not an image.")


def _read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Counts the unpacked bytes: the declared sizes may be wrong. Raises _RefusedError."""
    limit = min(MAX_BYTES, max(SMALL, MAX_RATIO * entry.compress_size))
    data = bytearray()
    try:
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK):
                data += chunk
                if len(data) > limit:
                    raise _RefusedError(tr("Its unpacked size is too large, as only a zip bomb's is."))
    except DAMAGED_ZIP as error:
        raise _RefusedError(
            tr("It is damaged or compressed with an unknown method; pack it again.")
        ) from error
    return bytes(data)


def _read_file(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise _RefusedError(tr("This is not a regular file."))
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _RefusedError(tr("The file does not exist; check its name and folder.")) from error
    except OSError as error:
        raise _RefusedError(tr("The file cannot be opened; check its permissions.")) from error
