"""A tiny round: photos with words in a store, the job, and a recipe with quick steps."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from PIL import Image

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import Job
from annotation.rounds.round_folder import RoundFolder, rounds_folder
from annotation.store.store import Store

RECIPE = """
heads = 0
keep_statistics = true
workers = 0
model = { preset = "nano" }
loss = { text_map = 0.0, characters = 0.0 }
data = { megapixels = 0.03 }
optimiser = { learning_rate = 1e-4, warmup = 0.0 }

[[stages]]
name = "scenes"
scene = 128
large = 0.0
reading = 0.4
photographs = 0.8
"""
WORD = [[20, 20], [100, 20], [100, 50], [20, 50]]


def photo(seed: int, size: tuple[int, int] = (160, 120)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(out, "PNG")
    return out.getvalue()


def add_photos(store: Store, count: int, regions: Sequence[dict] | None = None) -> list[int]:
    """Done photos with one word each, or with these regions."""
    project, ids = store.ensure_project("shop signs"), []
    for seed in range(count):
        image, _ = store.add_image(project, photo(seed), f"{seed}.png")
        values = [{"polygon": WORD, "text": f"word{seed}"}] if regions is None else list(regions)
        store.save_regions(image.id, image.version, values, "Ada")
        store.set_state(image.id, "done", "Ada")
        ids.append(image.id)
    return ids


def small_round(folder: Path, checkpoint_minutes: float = 1.0, **changes: object) -> RoundConfig:
    """`folder`: to write the recipe to; `checkpoint_minutes`: 0 for a checkpoint after every step."""
    recipe = folder / "tiny.toml"
    recipe.write_text(f"checkpoint_minutes = {checkpoint_minutes}\n{RECIPE}", encoding="utf-8")
    small = RoundConfig(
        recipe=str(recipe),
        steps=3,
        evaluations=1,
        evaluated_photos=2,
        shares=(0.5, 1.0),
        calibration_photos=2,
        calibration_scenes=1,
        rendered_scenes=2,
        bootstrap=50,
    )
    return replace(small, **changes)  # type: ignore[arg-type]


def write_job(
    store: Store, database: str, parent: Path, config: RoundConfig, part: str = "all"
) -> tuple[RoundFolder, Job]:
    """A round of three photos, and two that are held out."""
    ids = add_photos(store, 5)
    job = Job(1, "shop signs", database, str(parent), ids[:3], [], ids[3:], part, 1.0, 0, asdict(config))
    folder = RoundFolder(rounds_folder(database) / "1")
    folder.path.mkdir(parents=True)
    folder.write_job(job)
    return folder, job
