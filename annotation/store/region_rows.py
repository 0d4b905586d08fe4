"""The regions of one image inside a transaction: read, replaced with their history, put aside as a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from annotation.corrections import kinds
from annotation.region import Character, Region
from annotation.store.tables import ImageRow, PredictedRow, PredictionRow, RegionRow, RevisionRow


def from_json(value: dict) -> Region:
    """A region that this program stored."""
    return Region(**{**value, "characters": [Character(**c) for c in value["characters"]]})


def load(session: Session, image_id: int) -> list[Region]:
    rows = session.execute(
        select(RegionRow.__table__).where(RegionRow.image_id == image_id).order_by(RegionRow.position)
    ).mappings()
    names = Region.__dataclass_fields__
    return [from_json({name: row[name] for name in names}) for row in rows]


def predicted(session: Session, prediction_id: int) -> list[Region]:
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


def newest_prediction(session: Session, image_id: int) -> PredictionRow | None:
    return session.scalar(
        select(PredictionRow)
        .where(PredictionRow.image_id == image_id)
        .order_by(PredictionRow.id.desc())
        .limit(1)
    )


def replace_all(
    session: Session, image: ImageRow, new: Sequence[Region], who: str, source: str, at: datetime
) -> bool:
    """Makes `new` the regions of an image, with a new version and history. False when nothing changes.

    What a client says of score and origin of a region that is already there does not count; it may lock it.
    """
    old = {region.id: region for region in load(session, image.id)}
    merged = [_merge(old.get(region.id), region, source) for region in new]
    kept = {region.id for region in merged}
    changes = [(None, r) for r in merged if r.id not in old]
    changes += [(old[r.id], r) for r in merged if r.id in old and old[r.id].content != r.content]
    changes += [(r, None) for r in old.values() if r.id not in kept]
    moved = [r.id for r in merged if r.id in old] != [r.id for r in old.values() if r.id in kept]
    if not changes and not moved and all(old[r.id] == r for r in merged):
        return False
    image.version += 1
    image.changed_at, image.changed_by = at, who
    _write_history(session, image, changes, who, source, at)
    positions = {region.id: i for i, region in enumerate(old.values())}
    removed = [r.id for r in old.values() if r.id not in kept]
    _delete(session, image.id, removed)
    rows = [_row(image.id, i, r) for i, r in enumerate(merged)]
    if added := [row for row in rows if row["id"] not in old]:
        session.execute(insert(RegionRow), added)
    changed = [
        row
        for row, r in zip(rows, merged, strict=True)
        if r.id in old and (old[r.id] != r or positions[r.id] != row["position"])
    ]
    if changed:
        session.execute(update(RegionRow), changed)
    return True


def merge(base: Sequence[Region], mine: Sequence[Region], theirs: Sequence[Region]) -> list[Region]:
    """A person's regions with what others changed in other ones; `base`: what both began with."""
    old = {region.id: region for region in base}
    new = {region.id: region for region in theirs}
    found = []
    for region in mine:
        if region.id not in old or region.content != old[region.id].content:
            found.append(region)
        elif region.id in new:
            found.append(new[region.id])
    here = {region.id for region in mine}
    return found + [region for region in theirs if region.id not in old and region.id not in here]


def _merge(old: Region | None, new: Region, source: str) -> Region:
    """A region from a client, with what only the store knows."""
    if source == "model":
        return new
    if old is None:
        return replace(new, locked=True if source == "person" else new.locked)
    touched = old.content != new.content
    read_again = new.text != old.text
    return replace(
        new,
        score=old.score,
        # A text that a person typed has no probabilities; one that was read again brings its own.
        reading_score=old.reading_score if not read_again else new.reading_score if _fits(new) else None,
        characters=old.characters if not read_again else new.characters if _fits(new) else [],
        origin=old.origin,
        locked=old.locked or touched or new.locked,  # once locked, always locked
    )


def _fits(region: Region) -> bool:
    return bool(region.characters) and "".join(c.text for c in region.characters) == region.text


def _write_history(
    session: Session,
    image: ImageRow,
    changes: list[tuple[Region | None, Region | None]],
    who: str,
    source: str,
    at: datetime,
) -> None:
    names = [(before or after).id for before, after in changes]
    said, any_prediction = _said(session, image.id, names)
    rows = []
    for (before, after), name in zip(changes, names, strict=True):
        predicted_one = said.get(name)
        # Without a prediction of the image nothing was missed; a drawn region that goes again was no
        # mistake either.
        known = any_prediction and (predicted_one is not None or after is not None)
        found = kinds(predicted_one, after) if known and source != "model" else ()
        rows.append(
            {
                "image_id": image.id,
                "region_id": name,
                "version": image.version,
                "who": who,
                "source": source,
                "at": at,
                "kinds": " ".join(found),
                "before": before and before.to_json(),
                "after": after and after.to_json(),
            }
        )
    if rows:
        session.execute(insert(RevisionRow), rows)


def _said(session: Session, image_id: int, names: list[str]) -> tuple[dict[str, Region], bool]:
    """The predicted regions with these ids, and whether the image has a prediction at all."""
    predictions = list(session.scalars(select(PredictionRow.id).where(PredictionRow.image_id == image_id)))
    if not predictions or not names:
        return {}, bool(predictions)
    found = {}
    for start in range(0, len(names), 500):  # databases limit the number of parameters
        rows = session.scalars(
            select(PredictedRow).where(
                PredictedRow.prediction_id.in_(predictions), PredictedRow.id.in_(names[start : start + 500])
            )
        )
        found |= {row.id: predicted_region(row) for row in rows}
    return found, True


def _delete(session: Session, image_id: int, names: list[str]) -> None:
    for start in range(0, len(names), 500):
        session.execute(
            delete(RegionRow)
            .where(RegionRow.image_id == image_id, RegionRow.id.in_(names[start : start + 500]))
            .execution_options(synchronize_session=False)
        )


def _row(image_id: int, position: int, region: Region) -> dict:
    return {"image_id": image_id, "position": position, **region.to_json()}
