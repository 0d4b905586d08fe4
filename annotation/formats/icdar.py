"""Folders in the ICDAR 2015 format, see `spotter.data.icdar`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from shapely.geometry import Polygon

from annotation.formats.entries import Entry, ExportItem, FormatError, pixel_reader
from annotation.region import Region


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a folder; `###` becomes an illegible region. Raises FormatError."""
    from spotter.data.icdar import read_folder  # late: imports torch

    if images is not None and images.resolve() not in (path.resolve(), (path / "images").resolve()):
        raise FormatError("The images of an ICDAR folder are in its folder images/; omit --images.")
    try:
        with np.errstate(all="ignore"):  # of huge coordinates, which are refused below
            found = read_folder(path)
    except ValueError as error:
        raise FormatError(str(error)) from error
    except OSError as error:
        raise FormatError(f"{path.name} cannot be read: {error.strerror}.") from error
    entries = []
    for sample in found:
        values = [
            {
                "polygon": truth.polygon.tolist(),
                "text": truth.text,
                "illegible": truth.ignore,
                "origin": "import",
                "locked": True,
            }
            for truth in sample.regions
        ]
        entries.append(Entry(sample.image.name, sample.image, read=pixel_reader(values), state="done"))
    return entries


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: list[str]) -> None:
    """Writes gt/; what the format cannot represent is added to `notes`."""
    from spotter.data.icdar import write_ground_truth
    from spotter.types import GroundTruth

    (folder / "gt").mkdir()
    rounded = False
    for item in items:
        truths = []
        for region in item.regions:
            shown = f"{item.image.name}: {region.text!r}"
            polygon = _simplify(region)
            if len(polygon) != len(region.polygon):
                notes.append(
                    f"{shown} was written with {len(polygon)} instead of {len(region.polygon)} points."
                )
            if region.difficult and not region.illegible:
                notes.append(f"{shown} lost its flag difficult, which this format does not have.")
            if region.illegible and region.text:
                notes.append(f"{shown} was written as ###, because it is illegible.")
            elif region.text != region.text.strip():
                notes.append(f"{shown} lost the spaces around it, which this format does not have.")
            rounded |= any(value % 1 for point in polygon for value in point)
            truths.append(GroundTruth(np.array(polygon, dtype=np.float32), region.text, region.illegible))
        target = folder / "gt" / f"gt_{Path(item.file).stem}.txt"
        while True:
            try:
                write_ground_truth(target, truths)
                break
            except ValueError:  # it does not say which region is the reason
                bad = next(t for t in truths if not _writable(folder / "gt" / ".probe", t))
                truths = [t for t in truths if t is not bad]
                notes.append(
                    f"{item.image.name}: {bad.text!r} was left out: it would be read as another text."
                )
    (folder / "gt" / ".probe").unlink(missing_ok=True)
    if rounded:
        notes.append("Points were rounded to whole pixels, as this format has no others.")


def _simplify(region: Region) -> list[list[float]]:
    """The polygon with at most 16 points, as many as the format allows."""
    from spotter.data.icdar import MAX_POINTS

    polygon, tolerance = region.polygon, 0.25
    while len(polygon) > MAX_POINTS:
        outline = Polygon(region.polygon).simplify(tolerance, preserve_topology=False)
        if not isinstance(outline, Polygon) or len(outline.exterior.coords) < 4:
            return region.polygon[:: -(-len(region.polygon) // MAX_POINTS)]
        polygon = [list(point) for point in outline.exterior.coords[:-1]]
        tolerance *= 1.5
    return polygon


def _writable(probe: Path, truth) -> bool:
    from spotter.data.icdar import write_ground_truth

    try:
        write_ground_truth(probe, [truth])
    except ValueError:
        return False
    return True
