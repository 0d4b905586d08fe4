"""Speed of the store with many regions, or of the Correct tab in a browser.

python -m annotation.benchmark [--regions 1000000]
python -m annotation.benchmark --browser
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from annotation.benchmark_corrections import add_corrections
from annotation.browser_benchmark import measure_browser
from annotation.region import AnnotationError, predicted_id
from annotation.store.images import natural_sort_key
from annotation.store.queue import ORDERS, progress, queue
from annotation.store.search import search
from annotation.store.statistics import project_statistics
from annotation.store.store import Store
from annotation.store.tables import Base, ImageRow, PredictedRow, PredictionRow, RegionRow

REPEATS = 15  # calls per measurement
BROWSER_REGIONS = 700  # on the photo in the browser


@dataclass(frozen=True)
class Options:
    """The command line."""

    regions: int  # in total
    per_image: int
    folder: Path | None  # of the database; None: a temporary one
    browser: bool  # measure the Correct tab


@dataclass(frozen=True)
class Times:
    """Milliseconds of a call."""

    median: float
    maximum: float
    cpu: float  # minimum processor time: a quiet machine is close to it


def fill(store: Store, images: int, regions: int) -> int:
    """Creates a project of images with `regions` predicted regions each; its id."""
    project = store.ensure_project("benchmark")
    with store.write() as session:
        session.execute(insert(ImageRow), [_image(project, i) for i in range(images)])
        session.execute(insert(PredictionRow), [_prediction(i + 1) for i in range(images)])
        words = list(_words(regions))
        session.execute(insert(RegionRow), [_region(1, word) for word in words])
        session.execute(insert(PredictedRow), [_predicted(1, word) for word in words])
        # The other images get copies, made inside the database.
        _copy(session, RegionRow, RegionRow.image_id)
        _copy(session, PredictedRow, PredictedRow.prediction_id)
    return project


def _copy(session: Session, table: type[Base], owner: InstrumentedAttribute) -> None:
    """Copies the rows of the first image to all others; `owner`: the column that refers to the image."""
    names = [owner.key, *(column.key for column in table.__table__.columns if column.key != owner.key)]
    rows = select(ImageRow.id, *(getattr(table, name) for name in names[1:])).where(ImageRow.id > 1)
    rows = rows.join_from(ImageRow, table, owner == 1)
    session.execute(insert(table).from_select(names, rows))


def measure(store: Store, project: int, images: int) -> Iterator[tuple[str, Times]]:
    rng = random.Random(0)
    yield "open an image", _time(lambda: store.open_image(rng.randint(1, images)))
    for order in ORDERS:
        yield f"queue by {order}", _time(partial(queue, store, project, order))
    yield "progress", _time(lambda: progress(store, project))
    for text in ("word7", "nowhere", "é"):
        yield f"search {text}", _time(partial(search, store, project, text))

    def edit() -> None:
        opened = store.open_image(rng.randint(1, images))
        changed = [region.to_json() for region in opened.regions]
        changed[0]["text"] += "x"
        store.save_regions(opened.image.id, opened.image.version, changed, "benchmark")

    yield "open, change a word, save", _time(edit)
    add_corrections(store, images)
    yield "statistics", _time(partial(project_statistics, store, project))


def parse(arguments: list[str] | None = None) -> Options:
    """Exits with code 2 if the command line is invalid."""
    parser = argparse.ArgumentParser(
        "python -m annotation.benchmark",
        description="Speed of the store with many regions, or of the Correct tab in a browser.",
    )
    parser.add_argument("--regions", type=int, default=1_000_000, help="in total (default: 1000000)")
    parser.add_argument("--per-image", type=int, default=50, help="regions per image (default: 50)")
    parser.add_argument("--folder", type=Path, help="of the database (default: a temporary one)")
    parser.add_argument(
        "--browser",
        action="store_true",
        help=f"the Correct tab in a real Chromium, with {BROWSER_REGIONS} regions on one photo",
    )
    options = Options(**vars(parser.parse_args(arguments)))
    if options.regions < 1 or options.per_image < 1:
        parser.error("--regions and --per-image must be at least 1.")
    if options.folder is not None and not options.folder.is_dir():
        parser.error(f"--folder {options.folder} is not a folder.")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    if options.browser:
        return print_browser_times(options)
    images = max(1, options.regions // options.per_image)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "benchmark.db"
        with Store(f"sqlite:///{path}") as store:
            begin = time.perf_counter()
            project = fill(store, images, options.per_image)
            size = path.stat().st_size / 2**20
            seconds = time.perf_counter() - begin
            per_image = f"{options.per_image} regions per image"
            print(f"{images} images, {per_image}, {size:.0f} MB, filled in {seconds:.0f} s")
            print(f"{'':28}{'median ms':>10}{'max ms':>10}{'cpu ms':>10}", flush=True)
            for name, times in measure(store, project, images):
                values = (times.median, times.maximum, times.cpu)
                print(f"{name:28}" + "".join(f"{value:10.1f}" for value in values), flush=True)
    return 0


def print_browser_times(options: Options) -> int:
    """1 if there is no browser."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(f"{'':32}{'median ms':>10}{'min ms':>10}{'max ms':>10}", flush=True)
        try:
            for timing in measure_browser(Path(folder), BROWSER_REGIONS):
                values = (timing.median, timing.minimum, timing.maximum)
                print(f"{timing.name:32}" + "".join(f"{value:10.0f}" for value in values), flush=True)
        except AnnotationError as error:
            print(f"python -m annotation.benchmark: error: {error}", file=sys.stderr)
            return 1
    return 0


def _time(call: Callable[[], object]) -> Times:
    elapsed, cpu = [], []
    for _ in range(REPEATS):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        call()
        cpu.append(1000 * (time.process_time() - cpu_begin))
        elapsed.append(1000 * (time.perf_counter() - begin))
    return Times(statistics.median(elapsed), max(elapsed), min(cpu))


def _image(project: int, number: int) -> dict:
    sha256 = f"{number:064x}"
    rng = random.Random(number)
    return {
        "id": number + 1,
        "project_id": project,
        "sha256": sha256,
        "source_sha256": sha256,
        "name": f"img{number}.jpg",
        "sort_name": natural_sort_key(f"img{number}.jpg"),
        "extension": ".jpg",
        "width": 1280,
        "height": 720,
        "dhash": rng.getrandbits(64) - 2**63,
        "added": datetime.now(UTC),
        "state": "new",
        "version": 0,
        "uncertainty": rng.random(),
    }


def _prediction(image: int) -> dict:
    return {"id": image, "image_id": image, "model_version": "nano", "added": datetime.now(UTC), "score": 0.5}


def _words(regions: int) -> Iterator[dict]:
    for i in range(regions):
        x, y = 40.0 + 20 * (i % 50), 30.0 + 30 * (i // 50)
        yield {
            "id": predicted_id("benchmark", "nano", i),
            "position": i,
            "polygon": [[x, y], [x + 18.5, y], [x + 18.5, y + 9.25], [x, y + 9.25]],
            "text": f"word{i}",
            "score": 0.9,
            "reading_score": 0.8,
            "characters": [{"text": c, "score": 0.8} for c in f"word{i}"],
        }


def _region(image: int, word: dict) -> dict:
    return word | {
        "image_id": image,
        "illegible": False,
        "difficult": False,
        "origin": "model",
        "locked": False,
    }


def _predicted(image: int, word: dict) -> dict:
    return word | {"prediction_id": image, "weakest_character": 0.8, "status": "used"}


if __name__ == "__main__":
    sys.exit(main())
