"""Folders with images and text files as of the ICDAR Robust Reading Competitions, see `icdar_lines`.

Written are `images/NAME.jpg` with `gt/gt_NAME.txt`, see `spotter.data.icdar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from annotation.formats.detection import IMAGE_ENDINGS, Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FormatError,
    note_missing_texts,
    pixel_reader,
    read_text,
    reject,
)
from annotation.formats.export_notes import MAX_TEXT, ExportNotes
from annotation.formats.icdar_lines import (
    Form,
    find_form,
    looks_like_ground_truth,
    parse_record,
    split_records,
)
from annotation.region import Region, RegionError, check_polygon, check_text
from annotation.store.images import natural_sort_key
from spotter.data.icdar import MAX_POINTS, simplify_polygon, write_ground_truth
from spotter.language import tr
from spotter.types import GroundTruth

PHOTO_ENDINGS = IMAGE_ENDINGS - {".pdf"}
TRUTH_ENDINGS = {".txt", ".gt"}
PREFIXES = ("poly_gt_", "gt_")  # of a ground truth file, before the name of its image
LINE_BREAK = re.compile("[\n\r]")  # many readers split lines at both
EXPECTED = "expected images/NAME.jpg with gt/gt_NAME.txt"


def title() -> str:
    return tr("ICDAR's images/NAME.jpg with gt/gt_NAME.txt")


def recognises(source: Source) -> bool:
    """A folder with images and files of coordinates, in one folder or in two."""
    if not source.path.is_dir():
        return False
    files = _truth_files(source.path)
    return any(looks_like_ground_truth(source.head(path)) for path in files)


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a folder; `###` becomes an illegible region. Raises FormatError."""
    if not path.is_dir():
        raise FormatError(
            tr("{name} is a file; import the folder with the images and ground truth files.", name=path.name)
        )
    truths: dict[str, Path] = {}
    records: dict[str, list[tuple[int, str]]] = {}
    entries: list[Entry] = []
    for file in _truth_files(path):
        try:
            found = split_records(read_text(file))
        except FormatError as error:
            entries.append(reject(str(error)))
            continue
        truths[_key(file)], records[_key(file)] = file, found
    photos = {_key(file): file for file in _image_files(path, images)}
    if not photos:
        raise FormatError(tr("{name} has no images; {expected}.", name=path.name, expected=EXPECTED))
    if not truths and not entries:
        raise FormatError(
            tr("{name} has no ground truth files; {expected}.", name=path.name, expected=EXPECTED)
        )
    form = find_form(record for found in records.values() for _, record in found)
    if form.is_yolo:
        raise FormatError(
            tr(
                "{name} is in the form of YOLO (class and relative coordinates), which has "
                "no texts; expected pixels and texts.",
                name=path.name,
            )
        )
    for key in sorted(photos.keys() | truths.keys(), key=natural_sort_key):
        if key not in photos:
            entries.append(
                reject(tr("{name} has no image; {expected}.", name=truths[key].name, expected=EXPECTED))
            )
        elif key not in truths:
            entries.append(
                reject(
                    tr(
                        "{name} has no ground truth file; {expected}.",
                        name=photos[key].name,
                        expected=EXPECTED,
                    )
                )
            )
        else:
            entries.append(_entry(photos[key], truths[key], records[key], form))
    entries[0].general_notes += form.notes
    return entries


def _entry(image: Path, truth: Path, records: list[tuple[int, str]], form: Form) -> Entry:
    entry = Entry(image.name, image, where=truth.name, state="done")
    values = []
    for number, record in records:
        try:
            value = parse_record(record, form)
            value["polygon"] = check_polygon(value["polygon"])
            value["text"] = check_text(value["text"])
        except RegionError as error:
            entry.faults.append(
                tr("{name}, line {number}: {error}", name=truth.name, number=number, error=error)
            )
            continue
        values.append(value | {"where": f"line {number}", "origin": "import", "locked": True})
    note_missing_texts(entry, values)
    entry.read = pixel_reader(values)
    return entry


def _truth_files(folder: Path) -> list[Path]:
    """In gt/ or a folder with a similar name; else those next to the images that have coordinates."""
    inside = _subfolder(folder, "gt")
    files = [file for file in sorted((inside or folder).iterdir()) if file.suffix.lower() in TRUTH_ENDINGS]
    if inside is None:
        files = [file for file in files if looks_like_ground_truth(Source(file).head(file))]
    return files


def _image_files(folder: Path, images: Path | None) -> list[Path]:
    place = images or _subfolder(folder, "images", "image", "img") or folder
    return [file for file in sorted(place.iterdir()) if file.suffix.lower() in PHOTO_ENDINGS]


def _subfolder(folder: Path, *words: str) -> Path | None:
    """The folder with one of these names, or else the only one whose name contains one of them."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    named = [path for path in folders if path.name.lower() in words]
    similar = [path for path in folders if any(word in path.name.lower().split("_") for word in words)]
    return named[0] if named else similar[0] if len(similar) == 1 else None


def _key(file: Path) -> str:
    """What the names of an image and of its ground truth file have in common."""
    stem = file.stem
    if file.suffix.lower() in TRUTH_ENDINGS:
        prefix = next((prefix for prefix in PREFIXES if stem.startswith(prefix)), "")
        stem = stem.removeprefix(prefix)
        if Path(stem).suffix.lower() in PHOTO_ENDINGS:  # img_1.jpg.txt
            stem = Path(stem).stem
    return stem


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes gt/."""
    (folder / "gt").mkdir()
    probe = folder / ".probe"
    expected: list[tuple[str, str, str]] = []  # (image, line, text)
    for item in items:
        truths = []
        for region in item.regions:
            if LINE_BREAK.search(region.text) and not region.illegible:
                notes.add_region(tr("texts with line breaks, left out"), item.image, region)
                continue
            polygon = simplify_polygon(region.polygon)
            _note_losses(item, region, polygon, notes)
            truths.append(GroundTruth(np.array(polygon, dtype=np.float32), region.text, region.illegible))
        target = folder / "gt" / f"gt_{Path(item.file).stem}.txt"
        while True:
            try:
                write_ground_truth(target, truths)
                break
            except ValueError:  # it does not say which region is the reason
                bad = next(i for i, truth in enumerate(truths) if not is_writable(probe, truth))
                text = truths.pop(bad).text
                what = tr("texts that would be read as other texts, left out")
                notes.add(what, f"{item.image.name} {text[:MAX_TEXT]!r}")
        lines = target.read_text(encoding="utf-8-sig").split("\n")
        texts = ["" if truth.ignore else truth.text for truth in truths]
        expected += [(item.image.name, *pair) for pair in zip(lines, texts, strict=False)]
    probe.unlink(missing_ok=True)
    _note_misread(expected, notes)


def _note_losses(item: ExportItem, region: Region, polygon: list[list[float]], notes: ExportNotes) -> None:
    for applies, what in (
        (
            len(polygon) != len(region.polygon),
            tr("outlines simplified to at most {max_points} points", max_points=MAX_POINTS),
        ),
        (region.difficult and not region.illegible, tr("regions that lost the flag difficult")),
        (region.illegible and region.text, tr("texts of illegible regions, which became ###")),
        (not region.illegible and not region.text, tr("regions without a text")),
        (
            not region.illegible and region.text != region.text.strip(),
            tr("texts that lost the spaces around them"),
        ),
        (any(value % 1 for point in polygon for value in point), tr("outlines rounded to whole pixels")),
    ):
        if applies:
            notes.add_region(what, item.image, region)


def _note_misread(expected: list[tuple[str, str, str]], notes: ExportNotes) -> None:
    """Texts that an import would misread because of the other lines, such as numbers after 5 points.

    `expected`: (image, line, text).
    """
    form = find_form(line for _, line, _ in expected)
    for image, line, text in expected:
        found = parse_record(line, form)["text"]
        if found != text.strip():
            what = tr("texts that are ambiguous in this format, and will be read as others")
            notes.add(
                what,
                tr("{name} {text!r} as {found!r}", name=image, text=text[:MAX_TEXT], found=found[:MAX_TEXT]),
            )


def is_writable(probe: Path, truth: GroundTruth) -> bool:
    try:
        write_ground_truth(probe, [truth])
    except ValueError:
        return False
    return True
