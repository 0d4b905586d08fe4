"""Turns a photo with its regions by quarter turns.

The turned photo takes the place of the other one, which goes to the bin with its history. So an edit by
somebody who still has that one open is refused, instead of ending up in the wrong place, and restoring it
undoes the turn.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from sqlalchemy.orm import Session

from annotation.region import DECIMALS, AnnotationError, Region
from annotation.review import DELETED
from annotation.store import projects, review
from annotation.store.authors import person_name
from annotation.store.images import encode
from annotation.store.records import ImageRecord, image_record
from annotation.store.region_rows import load_regions, replace_regions
from annotation.store.store import Store
from annotation.store.tables import HoldoutImageRow, ImageRow
from spotter.images import read_image
from spotter.language import tr


def turn_image(store: Store, image_id: int, quarters: int, who: str) -> ImageRecord:
    """The photo turned clockwise by `quarters` * 90 degrees, without predictions: it has to be read again.

    Raises AnnotationError if the project has the turned photo already; NotFoundError.
    """
    who, at = person_name(who), datetime.now(UTC)
    before = store.image(image_id)
    pixels = np.ascontiguousarray(np.rot90(read_image(store.image_path(before)), -quarters))
    stored = store.images.add(encode(pixels, is_photo=before.extension == ".jpg")[0])
    with store.write() as session:
        image = projects.get_image(session, image_id, lock=True)
        regions = [turned(r, quarters, image.width, image.height) for r in load_regions(session, image_id)]
        row, is_added = projects.add_image_row(session, image.project_id, stored, image.name, who)
        if not is_added:
            raise AnnotationError(tr("The project has this photo turned already: {name}.", name=row.name))
        row.added, row.state = image.added, image.state  # its place in the queue
        _keep_side(session, image, row)
        replace_regions(session, row, regions, who, "import", at)
        review.force_state(session, image, DELETED, who, at)
        session.flush()
        return image_record(row)


def _keep_side(session: Session, before: ImageRow, after: ImageRow) -> None:
    """A photo that rounds hold out, or have trained on, is still that photo when it is turned."""
    known = session.get(HoldoutImageRow, (before.project_id, before.sha256))
    if known is not None:
        side = {"project_id": after.project_id, "sha256": after.sha256, "dhash": after.dhash}
        session.merge(HoldoutImageRow(**side, side=known.side))


def turned(region: Region, quarters: int, width: int, height: int) -> Region:
    """The region after clockwise quarter turns of an image of `width` x `height` pixels."""
    points = region.polygon
    for _ in range(quarters % 4):
        points = [[round(height - y, DECIMALS) + 0.0, x] for x, y in points]
        width, height = height, width
    return replace(region, polygon=points)
