"""Which files of a folder are ground truth as of the ICDAR competitions, and which image each belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from annotation.formats.detection import IMAGE_ENDINGS, Source
from annotation.formats.icdar_lines import looks_like_ground_truth
from annotation.formats.image_files import names_below, plain_name
from annotation.store.images import natural_sort_key

PHOTO_ENDINGS = IMAGE_ENDINGS - {".pdf"}
TRUTH_ENDINGS = {".txt", ".gt"}
PREFIXES = ("poly_gt_", "gt_")  # of a ground truth file, before the name of its image


@dataclass
class Pairs:
    """Ground truth files with their images, and what is left over."""

    matched: list[tuple[Path, Path]] = field(default_factory=list)  # (ground truth, image)
    truths: list[Path] = field(default_factory=list)  # without an image
    images: list[Path] = field(default_factory=list)  # without ground truth
    unclear: list[list[Path]] = field(default_factory=list)  # files whose names mean the same


def truth_files(folder: Path) -> list[Path]:
    """In gt/ or a folder with a similar name; else those next to the images that have coordinates."""
    inside = _subfolder(folder, "gt")
    files = [file for file in sorted((inside or folder).iterdir()) if file.suffix.lower() in TRUTH_ENDINGS]
    if inside is None:
        files = [file for file in files if looks_like_ground_truth(Source(file).head(file))]
    return files


def image_files(folder: Path, images: Path | None) -> tuple[list[Path], bool]:
    """The images of a folder: where they are expected or, if there are none, in all subfolders; and whether
    they are from there."""
    place = images or _subfolder(folder, "images", "image", "img") or folder
    files = [file for file in sorted(place.iterdir()) if file.suffix.lower() in PHOTO_ENDINGS]
    if files:
        return files, False
    below = names_below(place, place.stat().st_mtime_ns)
    return [file for same in below.values() for file in same if file.suffix.lower() in PHOTO_ENDINGS], True


def pair(truths: Iterable[Path], images: Iterable[Path]) -> Pairs:
    """Pairs files by the names that they share; case, the Unicode form and leading zeros make no difference
    (CTW1500 has 0001001.txt for 1001.jpg) unless several files differ only by these."""
    groups: dict[str, tuple[list[Path], list[Path]]] = {}
    for column, files in enumerate((truths, images)):
        for file in files:
            groups.setdefault(_plain(_stem(file)), ([], []))[column].append(file)
    pairs = Pairs()
    for key in sorted(groups, key=natural_sort_key):
        some, others = groups[key]
        if len(some) > 1 or len(others) > 1:  # then only equal names count
            for stem in {_stem(file) for file in some}:
                same, photos = ([file for file in files if _stem(file) == stem] for files in (some, others))
                if len(same) == len(photos) == 1:
                    pairs.matched.append((same[0], photos[0]))
                    some, others = (
                        [file for file in files if _stem(file) != stem] for files in (some, others)
                    )
        if some and others and (len(some) > 1 or len(others) > 1):
            pairs.unclear.append([*some, *others])
        elif some and others:
            pairs.matched.append((some[0], others[0]))
        else:
            pairs.truths += some
            pairs.images += others
    return pairs


def _subfolder(folder: Path, *words: str) -> Path | None:
    """The folder with one of these names, or else the only one whose name contains one of them."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    named = [path for path in folders if path.name.lower() in words]
    similar = [path for path in folders if any(word in path.name.lower().split("_") for word in words)]
    return named[0] if named else similar[0] if len(similar) == 1 else None


def _stem(file: Path) -> str:
    """What the names of an image and of its ground truth file have in common."""
    stem = file.stem
    if file.suffix.lower() in TRUTH_ENDINGS:
        prefix = next((prefix for prefix in PREFIXES if stem.startswith(prefix)), "")
        stem = stem.removeprefix(prefix)
        if Path(stem).suffix.lower() in PHOTO_ENDINGS:  # img_1.jpg.txt
            stem = Path(stem).stem
    return stem


def _plain(stem: str) -> str:
    plain = plain_name(stem)
    return (plain.lstrip("0") or "0") if plain.isdecimal() else plain
