"""Folders with images and text files as of the ICDAR Robust Reading Competitions, see `icdar_lines`.

Written are `images/NAME.jpg` with `gt/gt_NAME.txt`, see `spotter.data.icdar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from annotation.formats.detection import Source
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
from annotation.formats.icdar_files import image_files, pair, truth_files
from annotation.formats.icdar_lines import (
    Form,
    find_form,
    looks_like_ground_truth,
    parse_record,
    split_records,
)
from annotation.region import Region, RegionError, check_polygon, check_text
from spotter.data.icdar import MAX_POINTS, simplify_polygon, write_ground_truth
from spotter.language import tr
from spotter.types import GroundTruth

LINE_BREAK = re.compile("[\n\r]")  # many readers split lines at both
EXPECTED = "expected images/NAME.jpg with gt/gt_NAME.txt"


def title() -> str:
    return tr("ICDAR's images/NAME.jpg with gt/gt_NAME.txt")


def recognises(source: Source) -> bool:
    """A folder with images and files of coordinates, in one folder or in two."""
    if not source.path.is_dir():
        return False
    return any(looks_like_ground_truth(source.head(file)) for file in truth_files(source.path))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a folder; `###` becomes an illegible region. Raises FormatError."""
    if not path.is_dir():
        raise FormatError(
            tr("{name} is a file; import the folder with the images and ground truth files.", name=path.name)
        )
    records: dict[Path, list[tuple[int, str]]] = {}  # by ground truth file
    entries: list[Entry] = []
    for file in truth_files(path):
        try:
            records[file] = split_records(read_text(file))
        except FormatError as error:
            entries.append(reject(str(error)))
    photos, are_below = image_files(path, images)
    if not photos:
        raise FormatError(tr("{name} has no images; {expected}.", name=path.name, expected=EXPECTED))
    if not records and not entries:
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
    pairs = pair(records, photos)
    entries += [_entry(image, truth, records[truth], form) for truth, image in pairs.matched]
    notes = list(form.notes)
    if not are_below:
        entries += [
            reject(tr("{name} has no ground truth file; {expected}.", name=image.name, expected=EXPECTED))
            for image in pairs.images
        ]
    elif pairs.images:
        notes.append(tr("Images without a ground truth file: {number}.", number=len(pairs.images)))
    entries += [
        reject(tr("{name} has no image; {expected}.", name=truth.name, expected=EXPECTED))
        for truth in pairs.truths
    ]
    entries += [_unclear(files) for files in pairs.unclear]
    entries[0].general_notes += notes
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


def _unclear(files: list[Path]) -> Entry:
    names = ", ".join(file.name for file in files)
    return reject(tr("It is not clear which of these files belong together: {names}.", names=names))


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
