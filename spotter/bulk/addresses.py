"""Files of this machine or anywhere else, by the addresses that pyarrow and fsspec know."""

from __future__ import annotations

import os
from functools import lru_cache

import pyarrow as pa
from pyarrow.fs import (
    FileInfo,
    FileSelector,
    FileSystem,
    FileType,
    FSSpecHandler,
    LocalFileSystem,
    PyFileSystem,
)

from spotter.bulk.errors import BulkError


@lru_cache(maxsize=16)
def resolve(address: str) -> tuple[FileSystem, str]:
    """The file system of a path or an address (s3://bucket/photos), and the path there. Raises BulkError."""
    if "://" not in address:
        return LocalFileSystem(), os.path.abspath(address)
    try:
        return FileSystem.from_uri(address)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a scheme that Arrow does not know
        return resolve_with_fsspec(address)
    except OSError as error:
        raise BulkError(f"{address} cannot be reached: {reason(error)}.") from error


def resolve_with_fsspec(address: str) -> tuple[FileSystem, str]:
    """As `resolve`, for the schemes that fsspec has and Arrow lacks."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
    except (ValueError, ImportError, OSError) as error:
        raise BulkError(f"The address {address} cannot be used: {reason(error)}.") from error
    return PyFileSystem(FSSpecHandler(system)), path


def info(address: str) -> FileInfo:
    """Raises BulkError."""
    system, path = resolve(address)
    try:
        return system.get_file_info(path)
    except OSError as error:
        raise BulkError(f"{address} cannot be reached: {reason(error)}.") from error


def list_files(address: str) -> list[str]:
    """Paths of all files below a folder, relative to it, in order; without hidden ones. Raises BulkError."""
    system, folder = resolve(address)
    try:
        found = system.get_file_info(FileSelector(folder, recursive=True, allow_not_found=True))
    except OSError as error:
        raise BulkError(f"{address} cannot be listed: {reason(error)}.") from error
    start = len(folder.rstrip("/")) + 1
    paths = (file.path[start:] for file in found if file.type == FileType.File)
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.split("/")))


def join(folder: str, name: str) -> str:
    """The address or path of a file in a folder; `name` uses /."""
    return f"{folder.rstrip('/')}/{name}"


def reason(error: Exception) -> str:
    """An error's message on one line, without a full stop."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
