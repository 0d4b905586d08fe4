"""What is read: photos, WebDataset shards (.tar) and parquet files with images, below one folder.

A photo's id is its path below the source; in a shard, `train-0001.tar/000012.jpg`.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow.fs import FileType
from pyarrow.parquet import ParquetFile

from spotter.bulk.addresses import info, join, list_files, reason, resolve
from spotter.bulk.errors import BulkError
from spotter.images import MAX_BYTES
from spotter.inputs import SUFFIXES

SHARDS = (".tar", ".tar.gz", ".tgz", ".parquet")
NAME_COLUMNS = ("image_id", "file_name", "filename", "name", "path", "__key__", "id")  # of parquet files
ROWS = 16  # of a parquet file that are read at once


@dataclass(frozen=True)
class EncodedImage:
    """An image file."""

    image_id: str
    data: bytes | None = None  # at most MAX_BYTES + 1, which `read_image` refuses
    error: str | None = None  # why there is no data


@dataclass(frozen=True)
class Source:
    """Files below a folder, as paths relative to it."""

    folder: str  # path or address
    photos: list[str]
    shards: list[str]


def find_source(address: str) -> Source:
    """Raises BulkError if there is nothing to read."""
    kind = info(address).type
    if kind == FileType.NotFound:
        raise BulkError(f"{address} does not exist.")
    if kind == FileType.File:
        folder, _, name = address.replace("\\", "/").rpartition("/")
        folder, files = folder or ".", [name]
        photos = [] if name.lower().endswith(SHARDS) else files
    else:
        folder, files = address, list_files(address)
        photos = [path for path in files if f".{path.lower().rpartition('.')[2]}" in SUFFIXES]
    shards = [path for path in files if path.lower().endswith(SHARDS)]
    if not photos and not shards:
        raise BulkError(f"{address} has no photos, .tar shards or parquet files.")
    return Source(folder, photos, shards)


def load(
    folder: str, paths: Iterable[str], skip: frozenset[str], column: str | None
) -> Iterator[EncodedImage]:
    """The images of photos and shards below a folder, without those whose ids are in `skip`."""
    for path in paths:
        if not path.lower().endswith(SHARDS):
            if path not in skip:
                yield _load_photo(folder, path)
            continue
        images = (
            _load_parquet(folder, path, column)
            if path.lower().endswith(".parquet")
            else _load_tar(folder, path)
        )
        try:
            for image in _with_distinct_ids(images):
                if image.image_id not in skip:
                    yield image
        except (OSError, EOFError, tarfile.TarError, pa.ArrowException, BulkError) as error:
            if path not in skip:
                yield EncodedImage(path, error=f"The file is damaged or cannot be read: {reason(error)}.")


def _load_photo(folder: str, path: str) -> EncodedImage:
    system, place = resolve(join(folder, path))
    try:
        with system.open_input_stream(place) as stream:
            return EncodedImage(path, stream.read(MAX_BYTES + 1))
    except OSError as error:
        return EncodedImage(path, error=f"The file cannot be read: {reason(error)}.")


def _load_tar(folder: str, path: str) -> Iterator[EncodedImage]:
    """Nothing is unpacked to the disk, so the names in it are harmless."""
    system, place = resolve(join(folder, path))
    with (
        system.open_input_stream(place, compression=None) as stream,
        tarfile.open(fileobj=stream, mode="r|*") as archive,
    ):
        for member in archive:
            if member.isfile() and f".{member.name.lower().rpartition('.')[2]}" in SUFFIXES:
                content = archive.extractfile(member)
                assert content is not None
                yield EncodedImage(f"{path}/{member.name.removeprefix('./')}", content.read(MAX_BYTES + 1))


def _load_parquet(folder: str, path: str, column: str | None) -> Iterator[EncodedImage]:
    """Of a column of bytes, or of structures that have them, as those of Hugging Face."""
    system, place = resolve(join(folder, path))
    with system.open_input_file(place) as stream:
        file = ParquetFile(stream)
        schema = file.schema_arrow
        column = column or next((field.name for field in schema if _has_bytes(field.type)), None)
        if column is None or column not in schema.names or not _has_bytes(schema.field(column).type):
            raise BulkError(
                f"it has no column {column} of images" if column else "it has no column of images"
            )
        name = next((each for each in NAME_COLUMNS if each in schema.names and each != column), None)
        row = 0
        for batch in file.iter_batches(ROWS, columns=[column, *([name] if name else [])]):
            for values in batch.to_pylist():
                image, given = values[column], values.get(name) if name else None
                if isinstance(image, dict):
                    given = given or image.get("path")
                    image = image["bytes"]
                image_id = f"{path}/{row if given in (None, '') else given}"
                missing = None if image is not None else "The row has no image."
                yield EncodedImage(image_id, None if image is None else image[: MAX_BYTES + 1], missing)
                row += 1


def _has_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(field.name == "bytes" and _has_bytes(field.type) for field in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _with_distinct_ids(images: Iterable[EncodedImage]) -> Iterator[EncodedImage]:
    """A second image of the same id gets another one: a.jpg (2)."""
    counts: Counter[str] = Counter()
    for image in images:
        counts[image.image_id] += 1
        if (number := counts[image.image_id]) > 1:
            image = EncodedImage(f"{image.image_id} ({number})", image.data, image.error)
        yield image
