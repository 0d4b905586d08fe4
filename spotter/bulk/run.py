"""One run on a Ray cluster: images are loaded, one process per core or GPU reads them, parts are written.

Ray Data streams: images are loaded as fast as they are read. If a machine fails, others do its work.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
from tqdm import tqdm

from spotter.bulk import parts
from spotter.bulk.addresses import reason, resolve
from spotter.bulk.errors import BulkError
from spotter.bulk.options import BulkOptions
from spotter.bulk.sources import EncodedImage, Source, find_source, load
from spotter.read_options import FAILED
from spotter.words_json import model_version

# Read when ray is imported. Nothing is sent to its makers; what fails is raised, not logged.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray
import ray.data
import ray.exceptions

if TYPE_CHECKING:
    from spotter.bulk.reader import Reader

PART_BYTES = 64 * 2**20  # of image files, after which a part ends
BATCH_ON_GPU = 16
FORECAST = 10_000_000  # images
IMAGE = pa.struct([("image_id", pa.string()), ("data", pa.binary()), ("error", pa.string())])
LOADED = pa.schema([("part", pa.string()), ("images", pa.list_(IMAGE))])


class PartLoader:
    """An actor of Ray Data, which loads files: it waits for a disk or a network, so it takes no core."""

    def __init__(self, folder: str, size: int, column: str | None) -> None:
        self.folder, self.size, self.column = folder, size, column

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        """The images of some files, part by part."""
        for item in table.to_pylist():
            images: list[dict] = []
            for image in load(self.folder, item["paths"], frozenset(item["skip"]), self.column):
                images.append(vars(image))
                if len(images) == self.size or sum(len(each["data"] or b"") for each in images) >= PART_BYTES:
                    yield _loaded(images)
                    images = []
            if images:
                yield _loaded(images)


class PartReader:
    """An actor of Ray Data, which reads with one model."""

    def __init__(self, weights: str, settings: parts.Settings, out: str, device: str, batch: int) -> None:
        from spotter.bulk.reader import Reader  # only here: torch
        from spotter.decoding import decode_apart
        from spotter.predictor import load_spotter

        decode_apart()  # a photo that crashes a decoder does not end this process
        spotter = load_spotter(weights, device, settings.known_words)
        if model_version(spotter.card) != settings.model_version:
            raise BulkError(f"{weights} is another file on this machine: copy the same one to all.")
        self.reader: Reader = Reader(spotter, settings, batch)
        self.out = out

    def __call__(self, table: pa.Table) -> pa.Table:
        """Writes a part; the number of its images, of those that cannot be read, and of words."""
        (row,) = table.to_pylist()
        rows = self.reader.read([EncodedImage(**image) for image in row["images"]])
        parts.write_part(self.out, row["part"], rows)
        failed = sum(each["error"] is not None for each in rows)
        words = sum("text" in each for each in rows)
        return pa.table({"images": [len(row["images"])], "failed": [failed], "words": [words]})


def run(options: BulkOptions) -> int:
    """The exit code. Raises BulkError."""
    from spotter.weights import load_weights  # late: torch

    source = find_source(options.source)
    if _is_inside(options.out, options.source):
        raise BulkError(f"{options.out} is inside of {options.source}; choose another folder.")
    _, card = load_weights(options.weights)
    settings = parts.Settings(model_version(card), options.threshold, options.short_side, options.known_words)
    parts.begin(options.out, settings, options.resume)
    if options.retry:
        parts.forget_errors(options.out)
    done = parts.done_ids(options.out) if options.resume else set()
    if done:
        print(f"{len(done):,} files were read before and are left out.", file=sys.stderr)
    items = list(plan(source, done, options.part))
    counts = {"images": 0, "failed": 0, "words": 0}
    first: tuple[float, int] | None = None  # when the first part was written, and its images
    total = None if source.shards else sum(path not in done for path in source.photos)
    with _cluster(options.address), tqdm(total=total, unit="image", file=sys.stderr) as progress:
        for each in read(items, source, settings, options):
            counts = {key: counts[key] + each[key] for key in counts}
            progress.update(each["images"])
            first = first or (time.monotonic(), counts["images"])
    print(f"{counts['images']:,} images, {counts['words']:,} words in {options.out}", end="")
    print(f"; {counts['failed']:,} could not be read, see the column error." if counts["failed"] else ".")
    if first is not None and counts["images"] > first[1]:
        print(forecast(counts["images"] - first[1], time.monotonic() - first[0]))
    return FAILED if counts["failed"] else 0


def forecast(images: int, seconds: float) -> str:
    """The speed, without the start of the processes, and what it means."""
    speed = images / max(seconds, 1e-3)
    return f"{speed:,.2f} images per second; {FORECAST:,} would take {FORECAST / speed / 86400:,.1f} days."


def plan(source: Source, done: set[str], size: int) -> Iterator[dict]:
    """What a task loads: up to `size` photos, or a shard but for the images that are done."""
    photos = [path for path in source.photos if path not in done]
    for start in range(0, len(photos), size):
        yield {"paths": photos[start : start + size], "skip": [""]}
    skip: dict[str, list[str]] = {shard: [""] for shard in source.shards}
    for image_id in done:
        end = image_id.find("/")
        while end >= 0 and image_id[:end] not in skip:
            end = image_id.find("/", end + 1)
        shard = image_id[:end] if end >= 0 else image_id  # the id of a damaged shard is its own
        if shard in skip:
            skip[shard].append(image_id)
    for shard, ids in skip.items():
        yield {"paths": [shard], "skip": ids}


def read(items: list[dict], source: Source, settings: parts.Settings, options: BulkOptions) -> Iterator[dict]:
    """Reads all; the counts of each part as soon as it is written. Raises BulkError."""
    if not items:
        return
    resources = ray.cluster_resources()
    is_gpu = options.device == "cuda" or (options.device is None and resources.get("GPU", 0) >= 1)
    workers = options.workers or max(1, int(resources.get("GPU" if is_gpu else "CPU", 1)))
    loading = {"folder": source.folder, "size": options.part, "column": options.column}
    reading = {
        "weights": options.weights,
        "settings": settings,
        "out": options.out,
        "device": "cuda" if is_gpu else "cpu",
        "batch": options.batch or (BATCH_ON_GPU if is_gpu else 1),
    }
    data: ray.data.Dataset = ray.data.from_items(items, override_num_blocks=len(items))
    data = data.map_batches(
        PartLoader,
        fn_constructor_kwargs=loading,
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0,
        concurrency=(1, workers),
    )
    data = data.map_batches(
        PartReader,
        fn_constructor_kwargs=reading,
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0 if is_gpu else 1,
        num_gpus=1 if is_gpu else 0,
        concurrency=(1, workers),
    )
    try:
        yield from data.iter_rows()
    except (ray.exceptions.RayError, OSError) as error:
        cause = getattr(error, "cause", None) or error
        raise BulkError(
            f"Reading has stopped: {reason(cause)}. What was read is in {options.out}."
        ) from error


@contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    """Ray at the address or that of RAY_ADDRESS, else on this machine. Raises BulkError."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise BulkError(f"The Ray cluster at {address} cannot be used: {reason(error)}.") from error
    try:
        yield
    finally:
        ray.shutdown()


def _loaded(images: list[dict]) -> pa.Table:
    name = parts.part_name(image["image_id"] for image in images)
    return pa.Table.from_pylist([{"part": name, "images": images}], LOADED)


def _is_inside(folder: str, other: str) -> bool:
    (system, path), (other_system, other_path) = resolve(folder), resolve(other)
    return system == other_system and f"{path.rstrip('/')}/".startswith(f"{other_path.rstrip('/')}/")
