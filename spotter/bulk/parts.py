"""The folder of results: parquet files with a row for each word, and the settings of the run.

An image without words, or one that cannot be read, has one row whose text is empty (null). A file holds all
rows of some images and is written as a whole, under a name that depends on these images alone: whatever is
read twice, because a machine has failed, is there once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
from pyarrow import parquet

from spotter.bulk.addresses import info, join, list_files, reason, resolve
from spotter.bulk.errors import BulkError

SETTINGS = "_settings.json"  # readers of parquet folders ignore names that begin with _ or .
PARTIAL = "partial-"
WITHOUT = {"known_words": False}  # in settings that do not name them: there were none yet
CHARACTER = pa.struct([("text", pa.string()), ("score", pa.float64())])
SCHEMA = pa.schema(
    [
        ("image_id", pa.string()),  # path below the source
        ("page", pa.int32()),  # from 1 on; an id and a page are an image
        ("pages", pa.int32()),  # of the file
        ("sha256", pa.string()),  # of the file
        ("width", pa.int32()),  # pixels, upright; null if the image cannot be read
        ("height", pa.int32()),
        ("word", pa.int32()),  # from 0 on, by descending score
        ("polygon", pa.list_(pa.list_(pa.float64()))),  # [[x, y], ...] in pixels, clockwise
        ("text", pa.string()),
        ("score", pa.float64()),  # of the detection
        ("reading_score", pa.float64()),  # geometric mean of the characters' probabilities
        ("characters", pa.list_(CHARACTER)),
        ("model_version", pa.string()),
        ("error", pa.string()),  # why the image cannot be read, one sentence
    ]
)


@dataclass(frozen=True)
class Settings:
    """What all results of a folder have in common."""

    model_version: str
    threshold: float | None
    short_side: int | None
    known_words: bool


def begin(out: str, settings: Settings, resume: bool) -> None:
    """Makes the folder, or checks that a run may go on there. Raises BulkError."""
    place = join(out, SETTINGS)
    system, path = resolve(place)
    wanted = asdict(settings)
    try:
        if info(place).is_file:
            with system.open_input_stream(path) as stream:
                known = WITHOUT | json.loads(stream.read())
            if not resume:
                raise BulkError(
                    f"{out} has results already: use --resume to go on, or choose another folder."
                )
            if known != wanted:
                names = ", ".join(
                    f"{key} {known.get(key)}" for key in wanted if known.get(key) != wanted[key]
                )
                raise BulkError(f"{out} was begun with {names}: use the same to go on, or another folder.")
            return
        if info(out).is_file or list_files(out):
            raise BulkError(f"{out} is not empty and has no results: choose a new folder.")
        system.create_dir(resolve(out)[1], recursive=True)
        _write(place, json.dumps(wanted).encode())
    except (OSError, json.JSONDecodeError, TypeError) as error:
        raise BulkError(f"{out} cannot be written: {reason(error)}.") from error


def part_name(image_ids: Iterable[str]) -> str:
    return (
        f"part-{hashlib.sha256(chr(0).join(image_ids).encode('utf-8', 'replace')).hexdigest()[:24]}.parquet"
    )


def write_part(out: str, name: str, rows: Sequence[dict]) -> None:
    """Raises OSError."""
    stream = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(list(rows), SCHEMA), stream, compression="zstd")
    _write(join(out, name), stream.getvalue())


def has_part(out: str, name: str) -> bool:
    return info(join(out, name)).is_file


def done_ids(out: str) -> set[str]:
    """Ids of the images that are in the folder. Raises BulkError."""
    done: set[str] = set()
    try:
        for batch in _data_set(out).to_batches(columns=["image_id"]):
            done.update(batch.column("image_id").unique().to_pylist())
    except (OSError, pa.ArrowException) as error:
        raise BulkError(f"The results in {out} cannot be read: {reason(error)}.") from error
    return done


def forget_errors(out: str) -> None:
    """Removes the rows of files that could not be read, so that they are read again. Raises BulkError."""
    system, folder = resolve(out)
    try:
        for name in _parts(out):
            table = parquet.read_table(join(folder, name), filesystem=system)
            failed = table.filter(pc.is_valid(table["error"]))["image_id"]
            kept = table.filter(pc.invert(pc.is_in(table["image_id"], failed.combine_chunks())))
            if len(kept) == 0:
                system.delete_file(join(folder, name))
            elif len(kept) < len(table):
                write_part(out, name, kept.to_pylist())
    except (OSError, pa.ArrowException) as error:
        raise BulkError(f"The results in {out} cannot be changed: {reason(error)}.") from error


def _parts(out: str) -> list[str]:
    return [name for name in list_files(out) if name.startswith("part-") and name.endswith(".parquet")]


def _data_set(out: str) -> pyarrow.dataset.Dataset:
    system, folder = resolve(out)
    paths = [join(folder, name) for name in _parts(out)]
    return pyarrow.dataset.dataset(paths, SCHEMA, format="parquet", filesystem=system)


def _write(place: str, data: bytes | pa.Buffer) -> None:
    """The whole file or nothing."""
    system, path = resolve(place)
    folder, _, name = path.rpartition("/")
    partial = f"{folder}/.{PARTIAL}{name}"
    with system.open_output_stream(partial) as stream:
        stream.write(data)
    system.move(partial, path)
