"""Loads and replaces the regions of an image inside a transaction, and records every change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from annotation.corrections import correction_kinds
from annotation.merge import update_region
from annotation.region import Region
from annotation.store.tables import ImageRow, PredictedRow, PredictionRow, RegionRow, RevisionRow
from spotter.types import Character

MAX_PARAMETERS = 500  # ids per statement: databases limit the number of parameters
Id = TypeVar("Id", int, str)
Change = tuple[Region | None, Region | None]  # before (None: added) and after (None: removed)


def load_regions(session: Session, image_id: int) -> list[Region]:
    rows = session.execute(
        select(RegionRow.__table__).where(RegionRow.image_id == image_id).order_by(RegionRow.position)
    ).mappings()
    names = Region.__dataclass_fields__
    return [Region.from_json({name: row[name] for name in names}) for row in rows]


def load_predicted(session: Session, prediction_id: int) -> list[Region]:
    """The regions of one prediction, as the model returned them."""
    rows = session.scalars(
        select(PredictedRow)
        .where(PredictedRow.prediction_id == prediction_id)
        .order_by(PredictedRow.position)
    )
    return [predicted_region(row) for row in rows]


def predicted_region(row: PredictedRow) -> Region:
    return Region(
        row.polygon,
        row.text,
        row.id,
        score=row.score,
        reading_score=row.reading_score,
        characters=[Character(**c) for c in row.characters],
        origin="model",
    )


def replace_regions(
    session: Session,
    image: ImageRow,
    new: Sequence[Region],
    who: str,
    source: str,
    at: datetime,
    stored: Sequence[Region] | None = None,
) -> bool:
    """Makes `new` the regions of an image, with a new version and history; False if nothing changes.

    `source`: person, model or import; see `update_region` for what a client may change. `stored`: the image's
    regions, if this transaction has loaded them already.
    """
    old = {region.id: region for region in (load_regions(session, image.id) if stored is None else stored)}
    updated = [update_region(old.get(region.id), region, source) for region in new]
    ids = {region.id for region in updated}
    changes: list[Change] = [(None, r) for r in updated if r.id not in old]
    changes += [(old[r.id], r) for r in updated if r.id in old and old[r.id].content != r.content]
    changes += [(r, None) for r in old.values() if r.id not in ids]
    is_reordered = [r.id for r in updated if r.id in old] != [r.id for r in old.values() if r.id in ids]
    if not changes and not is_reordered and all(old[r.id] == r for r in updated):
        return False
    image.version += 1
    image.changed_at, image.changed_by = at, who
    _write_history(session, image, changes, who, source, at)
    _write_regions(session, image.id, old, updated)
    return True


def _write_regions(session: Session, image_id: int, old: dict[str, Region], new: Sequence[Region]) -> None:
    """Deletes, inserts and updates only what differs; `old`: id -> region, ordered by position."""
    ids = {region.id for region in new}
    for some in batches([name for name in old if name not in ids]):
        session.execute(
            delete(RegionRow)
            .where(RegionRow.image_id == image_id, RegionRow.id.in_(some))
            .execution_options(synchronize_session=False)
        )
    rows = list(enumerate(new))
    if added := [_row(image_id, i, r) for i, r in rows if r.id not in old]:
        session.execute(insert(RegionRow), added)
    positions = {name: i for i, name in enumerate(old)}
    if changed := [
        _row(image_id, i, r) for i, r in rows if r.id in old and (old[r.id] != r or positions[r.id] != i)
    ]:
        session.execute(update(RegionRow), changed)


def _row(image_id: int, position: int, region: Region) -> dict:
    return {"image_id": image_id, "position": position, **region.to_json()}


def _write_history(
    session: Session, image: ImageRow, changes: Sequence[Change], who: str, source: str, at: datetime
) -> None:
    rows = []
    ids = [region.id for change in changes if (region := change[0] or change[1])]
    predicted = _predicted_regions(session, image.id, ids)
    for (before, after), region_id in zip(changes, ids, strict=True):
        kinds: tuple[str, ...] = ()
        if predicted is not None and source != "model":
            prediction = predicted.get(region_id)
            # A drawn region that is removed again was no mistake of the model.
            kinds = correction_kinds(prediction, after) if prediction or after else ()
        rows.append(
            {
                "image_id": image.id,
                "region_id": region_id,
                "version": image.version,
                "who": who,
                "source": source,
                "at": at,
                "kinds": " ".join(kinds),
                "before": before and before.to_json(),
                "after": after and after.to_json(),
            }
        )
    if rows:
        session.execute(insert(RevisionRow), rows)


def _predicted_regions(session: Session, image_id: int, ids: list[str]) -> dict[str, Region] | None:
    """The predicted regions with these ids; None if the image has no prediction, so none can be wrong."""
    predictions = list(session.scalars(select(PredictionRow.id).where(PredictionRow.image_id == image_id)))
    if not predictions:
        return None
    found: dict[str, Region] = {}
    for some in batches(ids):
        rows = session.scalars(
            select(PredictedRow).where(PredictedRow.prediction_id.in_(predictions), PredictedRow.id.in_(some))
        )
        found |= {row.id: predicted_region(row) for row in rows}
    return found


def batches(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    """Ids in parts that fit into one statement."""
    for start in range(0, len(ids), MAX_PARAMETERS):
        yield ids[start : start + MAX_PARAMETERS]
