"""The parquet files that `spotter bulk` writes, with a row per word; they become predictions of its model.

An image is named by its id, or found by the hash of its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from annotation.formats.detection import Source
from annotation.formats.entries import Entry, FilePrediction, FormatError, pixel_reader, reject
from annotation.formats.image_files import find_file
from annotation.formats.outlines import image_size, imported_region
from annotation.region import ParsedRegions, RegionError
from spotter.images import page_name
from spotter.language import tr

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED = {"image_id", "page", "pages", "polygon", "text", "model_version"}
MAX_BYTES = 4 * 2**30  # of the words in memory: a million take 0.5 GB
ROWS = 1000  # decoded at once
KEYS = ("image_id", "page", "model_version")
MISSING = "This format needs the package pyarrow: pip install pyarrow."


def title() -> str:
    return tr("the parquet files of `spotter bulk`")


def recognises(source: Source) -> bool:
    return any(_columns(path) >= REQUIRED for path in source.files("*.parquet"))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    words = _load([file for file in Source(path).files("*.parquet") if _columns(file) >= REQUIRED])
    if words is None:
        raise FormatError(tr("{name} has no words of `spotter bulk`.", name=path.name))
    return [_entry(words, start, end, path.name, images) for start, end in _same_images(words)]


def _columns(path: Path) -> set[str]:
    """Names of a file's columns; none if it is damaged."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise FormatError(MISSING) from error
    try:
        return set(parquet.read_schema(path).names)
    except (OSError, ArrowException):
        return set()


def _load(files: list[Path]) -> pa.Table | None:
    """The words of all files, those of an image one after the other; None without any."""
    import pyarrow as pa
    from pyarrow import parquet

    from spotter.bulk.parts import SCHEMA

    batches, size = [], 0
    for path in files:
        try:
            with parquet.ParquetFile(path) as file:
                names = [name for name in SCHEMA.names if name in file.schema_arrow.names]
                for batch in file.iter_batches(ROWS, columns=names):
                    known = dict(zip(batch.schema.names, batch.columns, strict=True))
                    columns = [
                        known[field.name].cast(field.type)
                        if field.name in known
                        else pa.nulls(len(batch), field.type)
                        for field in SCHEMA
                    ]
                    batches.append(pa.record_batch(columns, schema=SCHEMA))
                    size += batch.nbytes
                    if size > MAX_BYTES:
                        raise FormatError(
                            tr("{name} has too many words at once; import a part of them.", name=path.name)
                        )
        except (OSError, pa.ArrowException) as error:
            raise FormatError(
                tr("{name} is damaged, or its columns have other types.", name=path.name)
            ) from error
    if not size:
        return None
    table = pa.Table.from_batches(batches)
    return table.sort_by([(key, "ascending") for key in (*KEYS, "word")]).combine_chunks()


def _same_images(words: pa.Table) -> Iterator[tuple[int, int]]:
    """First row and end of each image's rows."""
    start, last = 0, None
    keys = zip(*(words[key].to_pylist() for key in KEYS), strict=True)
    for row, key in enumerate(keys):
        if key != last and row:
            yield start, row
            start = row
        last = key
    yield start, len(words)


def _entry(words: pa.Table, start: int, end: int, file: str, images: Path | None) -> Entry:
    row: dict[str, Any] = words.slice(start, 1).to_pylist()[0]
    name, page, version = row["image_id"], row["page"], row["model_version"]
    if not name or not version or not page or not row["pages"]:
        return reject(tr("{file}: a row has no image_id, page, pages or model_version.", file=file))
    base = PurePosixPath(name.replace("\\", "/")).name
    if row["error"]:
        return reject(
            tr("{file} ({base}): it was not read: {row}", file=file, base=base, row=row["error"]), base
        )
    if row["pages"] > 1:  # the pages of a file are images of their own, whose hashes are not known
        entry = Entry(page_name(base, page, row["pages"]))
    else:
        entry = Entry(base, find_file(name, [images]), row["sha256"])
    entry.where = f"{file} ({entry.name})"
    entry.predictions.append(FilePrediction(version, None, partial(_read, words, start, end)))
    return entry


def _read(words: pa.Table, start: int, end: int, width: int, height: int) -> ParsedRegions:
    """Only when an image is imported: as objects, words take 10 times the memory."""
    rows = words.slice(start, end - start).to_pylist()
    values, faults = [], []
    for number, row in enumerate((row for row in rows if row["text"] is not None), start=1):
        scores = {key: row[key] for key in ("score", "reading_score", "characters")}
        try:
            region = imported_region(row["polygon"], row["text"], origin="model", locked=False, **scores)
            values.append(region | {"where": f"word {number}"})
        except RegionError as error:
            faults.append(f"word {number}: {error}")
    parsed = pixel_reader(values, image_size(rows[0]))(width, height)
    return ParsedRegions(parsed.regions, parsed.notes, faults=faults + parsed.faults)
