"""Predictions of a model, inside a transaction. No model changes what a person touched.

Status of a predicted region: "used" (it became a region of the image), "same" (it agrees with a person's),
"suggested" (it waits beside a person's work), "accepted", "dismissed", "outdated" (a newer model spoke).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from annotation.corrections import SAME_PLACE, same_shape
from annotation.geometry import match, overlaps
from annotation.region import Region, mean_score, predicted_id
from annotation.signals import RegionSignals, image_uncertainty, region_uncertainty
from annotation.store.records import Suggestion
from annotation.store.region_rows import from_json, load, predicted_region, replace_all
from annotation.store.tables import ImageRow, PredictedRow, PredictionRow, RevisionRow


def model_version(card: dict) -> str:
    """The name under which a spotter's words are stored: other weights are another version."""
    name, sha256 = card.get("name", "spotter"), card.get("sha256", "")
    return f"{name}-{sha256[:8]}" if sha256 else name


def add(
    session: Session,
    image: ImageRow,
    model_version: str,
    regions: Sequence[Region],
    numbers: Sequence[RegionSignals],
    at: datetime,
    score: float | None = None,
) -> bool:
    """Adds a prediction; the regions must have origin "model". False when this version has spoken already.

    Regions that nobody touched are replaced; beside a person's work the new ones become suggestions.
    """
    known = select(PredictionRow.id).where(
        PredictionRow.image_id == image.id, PredictionRow.model_version == model_version
    )
    if session.scalar(known) is not None:
        return False
    row = PredictionRow(
        image_id=image.id,
        model_version=model_version,
        added=at,
        score=mean_score([r.score for r in regions]) if score is None else score,
    )
    _outdate(session, image.id)
    session.add(row)
    session.flush()
    current = load(session, image.id)
    places = _place(session, image, regions, current)
    here = {region.id for region in current if region.locked}
    regions = [
        # Foreign files use one id for different words of two models.
        replace(r, id=predicted_id(image.sha256, model_version, i)) if r.id in here and beside is None else r
        for i, (r, (_, beside)) in enumerate(zip(regions, places, strict=True))
    ]
    if regions:
        session.execute(
            insert(PredictedRow),
            [
                _row(row.id, i, region, inside, *place)
                for i, (region, inside, place) in enumerate(zip(regions, numbers, places, strict=True))
            ],
        )
    doubts = [region_uncertainty(r.score, n) for r, n in zip(regions, numbers, strict=True)]
    image.uncertainty = image_uncertainty(doubts)
    if image.state in ("new", "in work"):
        used = [r for r, (status, _) in zip(regions, places, strict=True) if status == "used"]
        replace_all(session, image, [r for r in current if r.locked] + used, model_version, "model", at)
    return True


def open_suggestions(session: Session, image_id: int) -> list[Suggestion]:
    rows = session.execute(
        select(PredictedRow, PredictionRow.model_version)
        .join(PredictionRow, PredictionRow.id == PredictedRow.prediction_id)
        .where(PredictionRow.image_id == image_id, PredictedRow.status == "suggested")
        .order_by(PredictedRow.position)
    )
    return [Suggestion(row.id, version, predicted_region(row), row.beside) for row, version in rows]


def suggestion_row(session: Session, image_id: int, suggestion_id: str) -> PredictedRow | None:
    return session.scalar(
        select(PredictedRow)
        .join(PredictionRow, PredictionRow.id == PredictedRow.prediction_id)
        .where(
            PredictionRow.image_id == image_id,
            PredictedRow.id == suggestion_id,
            PredictedRow.status == "suggested",
        )
    )


def with_suggestion(current: Sequence[Region], row: PredictedRow) -> list[Region]:
    """The regions after a suggestion was accepted: it takes the place of the one it stands beside."""
    new = predicted_region(row)
    if any(region.id == row.beside for region in current):
        return [
            replace(
                region,
                polygon=new.polygon,
                text=new.text,
                illegible=False,
                reading_score=new.reading_score,
                characters=new.characters,
            )
            if region.id == row.beside
            else region
            for region in current
        ]
    return [*current, replace(new, locked=True)]


def _place(
    session: Session, image: ImageRow, regions: Sequence[Region], current: Sequence[Region]
) -> list[tuple[str, str | None]]:
    """Of every predicted region: (status, id of the person's region it stands beside)."""
    locked = [region for region in current if region.locked]
    polygons = [region.polygon for region in regions]
    beside = match(polygons, [region.polygon for region in locked], SAME_PLACE)
    # What a person removed does not come back by itself.
    gone = {
        i
        for _, i, _ in overlaps(
            polygons, [r.polygon for r in _removed(session, image.id, current)], SAME_PLACE
        )
    }
    closed = image.state not in ("new", "in work")
    places: list[tuple[str, str | None]] = []
    for i, region in enumerate(regions):
        if i in beside:
            other = locked[beside[i]]
            same = (
                other.text == region.text
                and not other.illegible
                and same_shape(other.polygon, region.polygon)
            )
            places.append(("same" if same else "suggested", other.id))
        else:
            places.append(("suggested" if closed or i in gone else "used", None))
    return places


def _removed(session: Session, image_id: int, current: Sequence[Region]) -> list[Region]:
    """Regions that a person or an import took away."""
    rows = session.scalars(
        select(RevisionRow.before).where(
            RevisionRow.image_id == image_id, RevisionRow.after.is_(None), RevisionRow.source != "model"
        )
    )
    here = {region.id for region in current}
    return [region for region in map(from_json, rows) if region.id not in here]


def _outdate(session: Session, image_id: int) -> None:
    older = select(PredictionRow.id).where(PredictionRow.image_id == image_id)
    session.execute(
        update(PredictedRow)
        .where(PredictedRow.prediction_id.in_(older), PredictedRow.status == "suggested")
        .values(status="outdated")
        .execution_options(synchronize_session=False)
    )


def _row(
    prediction_id: int, position: int, region: Region, inside: RegionSignals, status: str, beside: str | None
) -> dict:
    values = region.to_json()
    names = ("id", "polygon", "text", "score", "reading_score", "characters")
    return {
        "prediction_id": prediction_id,
        "position": position,
        **{name: values[name] for name in names},
        "weakest_character": inside.weakest_character,
        "box_movement": inside.box_movement,
        "mask_disagreement": inside.mask_disagreement,
        "status": status,
        "beside": beside,
    }
