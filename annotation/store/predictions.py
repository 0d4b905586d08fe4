"""Predictions and suggestions, inside a transaction. No model changes what a person has edited.

Status of a predicted region: see `Placement`; a suggestion becomes "accepted", "dismissed" or "outdated" (a
newer model has predicted the image).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from annotation.merge import Placement, place_predictions
from annotation.region import Region, mean_score, predicted_id
from annotation.review import CONFIRMED_STATES
from annotation.signals import RegionSignals, image_uncertainty, region_uncertainty
from annotation.store.history import removed_regions
from annotation.store.records import NotFoundError, Prediction, Suggestion
from annotation.store.region_rows import load_predicted, load_regions, predicted_region, replace_regions
from annotation.store.tables import ImageRow, PredictedRow, PredictionRow
from spotter.language import tr
from spotter.words_json import model_version as model_version  # that of what is stored here


def add_prediction(
    session: Session,
    image: ImageRow,
    model_version: str,
    regions: Sequence[Region],
    signals: Sequence[RegionSignals],
    at: datetime,
    score: float | None = None,
) -> bool:
    """Adds a prediction (regions with origin "model"); False if this model version already has one.

    Replaces unedited regions; what conflicts with a person's edit becomes a suggestion.
    """
    if find_prediction(session, image.id, model_version) is not None:
        return False
    row = PredictionRow(
        image_id=image.id,
        model_version=model_version,
        added=at,
        score=mean_score([r.score for r in regions]) if score is None else score,
    )
    _outdate_suggestions(session, image.id)
    session.add(row)
    session.flush()
    current = load_regions(session, image.id)
    ids = {region.id for region in current}
    removed = [region for region in removed_regions(session, image.id) if region.id not in ids]
    is_open = image.state not in CONFIRMED_STATES
    placements = place_predictions(regions, current, removed, is_open)
    locked = {region.id for region in current if region.locked}
    regions = [
        # A foreign file may use one id for different words of two models.
        replace(r, id=predicted_id(image.sha256, model_version, i))
        if r.id in locked and place.matched_id is None
        else r
        for i, (r, place) in enumerate(zip(regions, placements, strict=True))
    ]
    if regions:
        rows = enumerate(zip(regions, signals, placements, strict=True))
        session.execute(insert(PredictedRow), [_values(row.id, i, *one) for i, one in rows])
    uncertainties = [region_uncertainty(r.score, s) for r, s in zip(regions, signals, strict=True)]
    image.uncertainty = image_uncertainty(uncertainties)
    if is_open:
        used = [r for r, place in zip(regions, placements, strict=True) if place.status == "used"]
        replace_regions(session, image, [r for r in current if r.locked] + used, model_version, "model", at)
    return True


def list_predictions(session: Session, image_id: int) -> list[Prediction]:
    """Oldest first."""
    query = select(PredictionRow).where(PredictionRow.image_id == image_id).order_by(PredictionRow.id)
    return [
        Prediction(row.model_version, row.added, row.score, load_predicted(session, row.id))
        for row in session.scalars(query)
    ]


def find_prediction(session: Session, image_id: int, model_version: str | None = None) -> int | None:
    """Id of a model version's prediction of an image, by default of the newest one; None without any."""
    query = select(PredictionRow.id).where(PredictionRow.image_id == image_id)
    if model_version is not None:
        query = query.where(PredictionRow.model_version == model_version)
    return session.scalar(query.order_by(PredictionRow.id.desc()).limit(1))


def open_suggestions(session: Session, image_id: int) -> list[Suggestion]:
    rows = session.execute(
        select(PredictedRow, PredictionRow.model_version)
        .join(PredictionRow, PredictionRow.id == PredictedRow.prediction_id)
        .where(PredictionRow.image_id == image_id, PredictedRow.status == "suggested")
        .order_by(PredictedRow.position)
    )
    return [Suggestion(row.id, version, predicted_region(row), row.matched_id) for row, version in rows]


def get_suggestion(session: Session, image_id: int, suggestion_id: str) -> PredictedRow:
    """Raises NotFoundError if there is no such open suggestion."""
    row = session.scalar(
        select(PredictedRow)
        .join(PredictionRow, PredictionRow.id == PredictedRow.prediction_id)
        .where(
            PredictionRow.image_id == image_id,
            PredictedRow.id == suggestion_id,
            PredictedRow.status == "suggested",
        )
    )
    if row is None:
        raise NotFoundError(tr("This suggestion is no longer open."))
    return row


def _outdate_suggestions(session: Session, image_id: int) -> None:
    older = select(PredictionRow.id).where(PredictionRow.image_id == image_id)
    session.execute(
        update(PredictedRow)
        .where(PredictedRow.prediction_id.in_(older), PredictedRow.status == "suggested")
        .values(status="outdated")
        .execution_options(synchronize_session=False)
    )


def _values(
    prediction_id: int, position: int, region: Region, signals: RegionSignals, placement: Placement
) -> dict:
    values = region.to_json()
    names = ("id", "polygon", "text", "score", "reading_score", "characters")
    return {
        "prediction_id": prediction_id,
        "position": position,
        **{name: values[name] for name in names},
        "weakest_character": signals.weakest_character,
        "box_movement": signals.box_movement,
        "mask_disagreement": signals.mask_disagreement,
        "status": placement.status,
        "matched_id": placement.matched_id,
    }
