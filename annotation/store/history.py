"""History of regions, and rejected versions kept as drafts, inside a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.region import Region
from annotation.store.records import Draft, NotFoundError, Revision
from annotation.store.region_rows import load_regions
from annotation.store.tables import DraftRow, ImageRow, RevisionRow
from spotter.language import tr


def list_revisions(session: Session, image_id: int, region_id: str | None = None) -> list[Revision]:
    """Every change of an image's regions (or of one), oldest first."""
    query = select(RevisionRow).where(RevisionRow.image_id == image_id).order_by(RevisionRow.id)
    if region_id is not None:
        query = query.where(RevisionRow.region_id == region_id)
    return [_revision(row) for row in session.scalars(query)]


def regions_at_version(session: Session, image_id: int, version: int) -> list[Region]:
    """The regions of an image in an earlier version: in today's order, then those removed since."""
    current = {region.id: region for region in load_regions(session, image_id)}
    regions = current
    for earlier in _earlier_versions(session, image_id, version, current):
        regions = earlier
    removed = [region for region in regions.values() if region.id not in current]
    return [regions[name] for name in current if name in regions] + removed[::-1]


def was_ever_current(session: Session, image_id: int, regions: Sequence[Region], since: int) -> bool:
    """Whether an image has exactly these regions, had them in a version from `since` on, or had them in a
    draft that a person has applied or discarded: then nothing is lost if they are ignored.

    `since`: the version that the regions derive from; 0 if unknown. The empty first version never counts:
    an empty list only matches if a person deleted everything.
    """
    wanted = {region.id: region.content for region in regions}
    current = {region.id: region for region in load_regions(session, image_id)}
    if _contents(current) == wanted:
        return True
    versions = _earlier_versions(session, image_id, max(since, 1), current)
    if any(_contents(earlier) == wanted for earlier in versions):
        return True
    closed = select(DraftRow.regions).where(DraftRow.image_id == image_id, DraftRow.status != "open")
    drafts = ({r["id"]: Region.from_json(r) for r in values} for values in session.scalars(closed))
    return any(_contents(draft) == wanted for draft in drafts)


def was_edited_since(session: Session, image_id: int, version: int) -> bool:
    """Whether a person has changed a region after this version."""
    query = select(RevisionRow.id).where(
        RevisionRow.image_id == image_id, RevisionRow.version > version, RevisionRow.source == "person"
    )
    return session.scalar(query.limit(1)) is not None


def removed_regions(session: Session, image_id: int) -> list[Region]:
    """Regions that were removed by a person or an import, each as often as it was removed."""
    rows = session.scalars(
        select(RevisionRow.before).where(
            RevisionRow.image_id == image_id, RevisionRow.after.is_(None), RevisionRow.source != "model"
        )
    )
    return [Region.from_json(row) for row in rows if row is not None]


def save_draft(
    session: Session, image: ImageRow, regions: Sequence[Region], who: str, base_version: int, at: datetime
) -> int:
    """Saves rejected regions as a draft; its id. The same draft is saved only once."""
    values = [region.to_json() for region in regions]
    query = select(DraftRow).where(DraftRow.image_id == image.id, DraftRow.status == "open")
    query = query.where(DraftRow.who == who, DraftRow.base_version == base_version)
    for row in session.scalars(query.order_by(DraftRow.id)):
        if row.regions == values:
            return row.id
    draft = DraftRow(
        image_id=image.id, who=who, at=at, base_version=base_version, regions=values, status="open"
    )
    session.add(draft)
    session.flush()
    return draft.id


def open_drafts(session: Session, image_id: int | None = None) -> list[Draft]:
    """Drafts without a decision, of one image or of all, oldest first."""
    query = select(DraftRow).where(DraftRow.status == "open").order_by(DraftRow.id)
    if image_id is not None:
        query = query.where(DraftRow.image_id == image_id)
    return [draft_record(row) for row in session.scalars(query)]


def get_draft(session: Session, draft_id: int) -> DraftRow:
    """Raises NotFoundError if there is no such open draft."""
    row = session.get(DraftRow, draft_id)
    if row is None or row.status != "open":
        raise NotFoundError(tr("This draft is no longer open."))
    return row


def draft_record(row: DraftRow) -> Draft:
    regions = [Region.from_json(values) for values in row.regions]
    return Draft(row.id, row.image_id, row.who, row.at, row.base_version, regions)


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        row.region_id,
        row.version,
        row.who,
        row.source,
        row.at,
        tuple(row.kinds.split()),
        None if row.before is None else Region.from_json(row.before),
        None if row.after is None else Region.from_json(row.after),
    )


def _earlier_versions(
    session: Session, image_id: int, since: int, current: dict[str, Region]
) -> Iterator[dict[str, Region]]:
    """The regions by id before each version after `since`, newest first; `current`: those of today."""
    query = select(RevisionRow).where(RevisionRow.image_id == image_id, RevisionRow.version > since)
    rows = session.scalars(query.order_by(RevisionRow.id.desc()))
    regions = dict(current)
    for _, changes in groupby(rows, lambda row: row.version):
        for row in changes:
            if row.before is None:
                regions.pop(row.region_id, None)
            else:
                regions[row.region_id] = Region.from_json(row.before)
        yield dict(regions)


def _contents(regions: dict[str, Region]) -> dict[str, tuple]:
    return {name: region.content for name, region in regions.items()}
