"""History of regions, and versions that were refused, inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from annotation.region import Region
from annotation.store.records import Draft, NotFoundError, Revision
from annotation.store.region_rows import from_json, load
from annotation.store.tables import DraftRow, ImageRow, RevisionRow


def save_draft(
    session: Session, image: ImageRow, regions: Sequence[Region], who: str, base_version: int, at: datetime
) -> int:
    """Keeps regions that cannot be saved as a draft; its id. The same version sent twice is kept once."""
    values = [region.to_json() for region in regions]
    waiting = open_drafts().where(
        DraftRow.image_id == image.id, DraftRow.who == who, DraftRow.base_version == base_version
    )
    for row in session.scalars(waiting):
        if row.regions == values:
            return row.id
    draft = DraftRow(
        image_id=image.id,
        who=who,
        at=at,
        base_version=base_version,
        regions=values,
        status="open",
    )
    session.add(draft)
    session.flush()
    return draft.id


def was_ever_current(session: Session, image_id: int, regions: Sequence[Region], since: int) -> bool:
    """Whether an image has exactly these regions, had them in a version from `since` on, or a person decided
    on them when they waited as a draft: then nothing is lost when they are not taken.

    `since`: the version that went to where the regions come from, if known. The empty start never counts:
    that all regions are gone is a person's word.
    """
    wanted = {region.id: region.content for region in regions}
    state = {region.id: region.content for region in load(session, image_id)}
    revisions = select(RevisionRow).where(RevisionRow.image_id == image_id).order_by(RevisionRow.id.desc())
    if state == wanted:
        return True
    for version, changes in groupby(session.scalars(revisions), lambda row: row.version):
        if version <= max(since, 1):
            break
        for row in changes:  # back to the version before
            if row.before is None:
                state.pop(row.region_id, None)
            else:
                state[row.region_id] = from_json(row.before).content
        if state == wanted:
            return True
    decided = select(DraftRow.regions).where(DraftRow.image_id == image_id, DraftRow.status != "open")
    drafts = ({r["id"]: from_json(r).content for r in values} for values in session.scalars(decided))
    return wanted in drafts


def regions_at_version(session: Session, image_id: int, version: int) -> list[Region]:
    """The regions of an image as they were in a version, in no order."""
    state = {region.id: region for region in load(session, image_id)}
    since = RevisionRow.image_id == image_id, RevisionRow.version > version
    for row in session.scalars(select(RevisionRow).where(*since).order_by(RevisionRow.id.desc())):
        if row.before is None:
            state.pop(row.region_id, None)
        else:
            state[row.region_id] = from_json(row.before)
    return list(state.values())


def open_drafts() -> Select:
    """Oldest first."""
    return select(DraftRow).where(DraftRow.status == "open").order_by(DraftRow.id)


def get_draft(session: Session, draft_id: int) -> DraftRow:
    row = session.get(DraftRow, draft_id)
    if row is None or row.status != "open":
        raise NotFoundError("This version is no longer waiting.")
    return row


def draft_record(row: DraftRow) -> Draft:
    return Draft(row.id, row.image_id, row.who, row.at, row.base_version, [from_json(r) for r in row.regions])


def revision_record(row: RevisionRow) -> Revision:
    return Revision(
        row.region_id,
        row.version,
        row.who,
        row.source,
        row.at,
        tuple(row.kinds.split()),
        row.before and from_json(row.before),
        row.after and from_json(row.after),
    )
