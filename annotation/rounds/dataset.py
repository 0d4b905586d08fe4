"""The photos of a round: folders to train on in the form of ICDAR 2015, and the hold-out with its truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from annotation.formats.icdar import is_writable
from annotation.region import Region
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from spotter.data.icdar import AnnotatedImage, simplify_polygon, write_ground_truth
from spotter.types import GroundTruth

TALL = 1.25  # height / width of a word that may run up or down, as of `SpotterConfig.vertical_aspect_ratio`
STEEP = 2.0  # down / across, above which it is not clear where a word begins


@dataclass(frozen=True)
class HeldOutPhoto:
    """A photo that is never trained on."""

    image_id: int
    path: Path
    truth: list[GroundTruth]
    region_ids: list[str]  # of `truth`

    @property
    def annotated(self) -> AnnotatedImage:
        return AnnotatedImage(self.path, self.truth)


def ground_truth(region: Region) -> GroundTruth:
    """A region as truth; an illegible one is "do not care"."""
    text = "" if region.illegible else region.text.strip()
    return GroundTruth(np.array(region.polygon, np.float32), text, region.illegible)


def read_holdout(store: Store, image_ids: Sequence[int]) -> list[HeldOutPhoto]:
    """In this order, without photos that do not exist any more."""
    photos = []
    for image in _existing(store, image_ids):
        regions = store.regions(image.id)
        truth, ids = [ground_truth(region) for region in regions], [region.id for region in regions]
        photos.append(HeldOutPhoto(image.id, store.image_path(image), truth, ids))
    return photos


def write_folder(store: Store, image_ids: Sequence[int], folder: Path) -> int:
    """Writes photos and their regions as `spotter.training --data` reads them; the number of photos.

    The folder is complete or does not exist: without a photo, there is none. A text that the form cannot hold
    makes its region "do not care".
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "images").mkdir(parents=True)
    (partial / "gt").mkdir()
    count = 0
    for image in _existing(store, image_ids):
        shutil.copyfile(store.image_path(image), partial / "images" / f"{image.id}{image.extension}")
        truth = list(_writable_truth(store.regions(image.id), partial / "probe.txt"))
        write_ground_truth(partial / "gt" / f"gt_{image.id}.txt", truth)
        count += 1
    (partial / "probe.txt").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    if count:
        partial.rename(folder)
    else:
        shutil.rmtree(partial)
    return count


def _writable_truth(regions: Iterable[Region], probe: Path) -> Iterable[GroundTruth]:
    for region in regions:
        truth = ground_truth(region)
        polygon, is_known = orient(np.array(simplify_polygon(region.polygon), np.float32), truth.text)
        truth = replace(truth, polygon=polygon, text=truth.text if is_known else "")
        yield truth if is_writable(probe, truth) else replace(truth, text="", ignore=True)


def orient(polygon: np.ndarray, text: str) -> tuple[np.ndarray, bool]:
    """The outline (P, 2) of a word beginning where its text does, and whether its direction is known.

    Training takes the first edge of four points for the word's upper one. The spotter's outlines begin at the
    upper left, also those of words that run up or down: these are not read in training, only found.
    """
    if len(text) < 2:
        return polygon, True
    if len(polygon) != 4:
        width, height = np.ptp(polygon, axis=0)
        return polygon, height <= TALL * width
    edges = np.roll(polygon, -1, axis=0) - polygon
    lengths = np.linalg.norm(edges, axis=1)
    if lengths[1] + lengths[3] <= TALL * (lengths[0] + lengths[2]):
        return polygon, True  # the first edge is not a short one
    start = 1 if edges[1, 0] > 0 else 3
    across, down = np.abs(edges[start])
    return np.roll(polygon, -start, axis=0), bool(down <= STEEP * across)


def _existing(store: Store, image_ids: Sequence[int]) -> list[ImageRecord]:
    """The photos that were not deleted since the round was planned."""
    return [image for image in store.images_by_id(image_ids) if store.image_path(image).is_file()]
