"""Reads the statistics of a project from the stored revisions and reviews; photos in the bin are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from annotation import statistics
from annotation.region import Region
from annotation.review import CONFIRMED_STATES, DELETED
from annotation.statistics import (
    DAY,
    MAX_COMPARED,
    MAX_PAUSE,
    Changed,
    Mistakes,
    PairMetrics,
    Saves,
    Statistics,
)
from annotation.store.history import regions_at_version
from annotation.store.projects import in_project
from annotation.store.store import Store
from annotation.store.tables import ImageRow, PredictedRow, PredictionRow, RegionRow, ReviewRow, RevisionRow

CHECKED_STATES = ("in work", *CONFIRMED_STATES)  # a person has changed or confirmed the words
# The version that a person saved last; without an edit of theirs, when they marked the photo as done.
Versions = dict[str, int | datetime]
# As in the condition of the index, which SQLite does not use for a parameter.
NOT_BY_A_MODEL = RevisionRow.source != literal("model", literal_execute=True)
TEXT_KINDS = ("text", "illegible")  # corrections that need no geometry to be counted


def project_statistics(store: Store, project_id: int) -> Statistics:
    with store.read() as session:
        days = statistics.work_per_day(_saves(session, project_id))
        shared = _shared_photos(session, project_id)
        return Statistics(
            days,
            statistics.work_per_person(days),
            _agreement(session, shared[:MAX_COMPARED]),
            len(shared),
            _mistakes(session, project_id),
        )


# Work


def seconds_until(session: Session, project_id: int, moments: Sequence[datetime]) -> list[int]:
    """How long people have worked on a project until each moment."""
    if not moments:
        return []
    gaps = _gaps(project_id)
    work = case((gaps.c.gap <= MAX_PAUSE, gaps.c.gap), else_=0)
    sums = [func.sum(case((gaps.c.at <= int(moment.timestamp()), work), else_=0)) for moment in moments]
    return [int(total or 0) for total in session.execute(select(*sums)).one()]


def _gaps(project_id: int) -> Subquery:
    """Of every save: who, at (seconds since 1970), day, and the seconds since the save before."""
    edits, reviews = _edits(project_id), _reviews(project_id)
    times = union(
        edits.with_only_columns(RevisionRow.who, _seconds(RevisionRow.at).label("at")),
        reviews.with_only_columns(ReviewRow.who, _seconds(ReviewRow.at).label("at")),
    ).subquery()
    before = func.lag(times.c.at).over(partition_by=times.c.who, order_by=times.c.at)
    return select(times.c.who, times.c.at, _day(times.c.at), (times.c.at - before).label("gap")).subquery()


def _saves(session: Session, project_id: int) -> Saves:
    edits, reviews = _edits(project_id), _reviews(project_id)
    gaps = _gaps(project_id)
    work = case((gaps.c.gap <= MAX_PAUSE, gaps.c.gap), else_=0)
    seconds = select(gaps.c.who, gaps.c.day, func.sum(work)).group_by(gaps.c.who, gaps.c.day)
    keys = (RevisionRow.who, _day(_seconds(RevisionRow.at)), RevisionRow.image_id)
    edited = edits.with_only_columns(*keys, func.count(RevisionRow.region_id.distinct())).group_by(*keys)
    finished = reviews.where(ReviewRow.after.in_(CONFIRMED_STATES)).with_only_columns(
        ReviewRow.who, _day(_seconds(ReviewRow.at)), ReviewRow.image_id, ReviewRow.after
    )
    words = select(RegionRow.image_id, func.count()).join(ImageRow).group_by(RegionRow.image_id)
    words = words.where(in_project(project_id))
    return Saves(
        {(who, day): int(total) for who, day, total in session.execute(seconds)},
        {(who, day, image): count for who, day, image, count in session.execute(edited)},
        {(who, day, image, state) for who, day, image, state in session.execute(finished)},
        dict(session.execute(words).fetchall()),
    )


def _edits(project_id: int) -> Select:
    """Revisions by people, not by models and imports."""
    query = select(RevisionRow.id).join(ImageRow, ImageRow.id == RevisionRow.image_id)
    return query.where(in_project(project_id), NOT_BY_A_MODEL, RevisionRow.source == "person")


def _reviews(project_id: int) -> Select:
    """Changes of state by people; not those that came with an import or out of the bin."""
    imported = select(RevisionRow.id).where(
        RevisionRow.image_id == ReviewRow.image_id,
        RevisionRow.at == ReviewRow.at,
        NOT_BY_A_MODEL,
        RevisionRow.source == "import",
    )
    query = select(ReviewRow.id).join(ImageRow, ImageRow.id == ReviewRow.image_id)
    return query.where(in_project(project_id), ReviewRow.before != DELETED, ~imported.exists())


def _seconds(time: InstrumentedAttribute) -> ColumnElement[int]:
    """Since 1970."""
    return cast(extract("epoch", time), BigInteger)


def _day(seconds: ColumnElement[int]) -> ColumnElement[int]:
    """Days since 1970, UTC."""
    return (seconds // DAY).label("day")


# Agreement


def _shared_photos(session: Session, project_id: int) -> list[tuple[int, Versions]]:
    """The photos that two or more people did, with each person's version, the latest photo first."""
    versions: dict[int, Versions] = defaultdict(dict)
    keys = (RevisionRow.image_id, RevisionRow.who)
    saved = _edits(project_id).with_only_columns(*keys, func.max(RevisionRow.version)).group_by(*keys)
    for image, who, version in session.execute(saved):
        versions[image][who] = version
    finished = _reviews(project_id).where(ReviewRow.after.in_(CONFIRMED_STATES)).order_by(ReviewRow.id)
    for image, who, at in session.execute(
        finished.with_only_columns(ReviewRow.image_id, ReviewRow.who, ReviewRow.at)
    ):
        versions[image].setdefault(who, at)
    shared = [(image, people) for image, people in versions.items() if len(people) > 1]
    return sorted(shared, reverse=True, key=lambda photo: photo[0])


def _agreement(session: Session, photos: list[tuple[int, Versions]]) -> list[statistics.Agreement]:
    metrics = PairMetrics()
    for image, people in photos:
        numbers = {
            who: _version_at(session, image, version) if isinstance(version, datetime) else version
            for who, version in people.items()
        }
        regions = {number: regions_at_version(session, image, number) for number in set(numbers.values())}
        ordered = sorted(numbers.items(), key=lambda one: (one[1], one[0]))
        metrics.add([(who, regions[number]) for who, number in ordered])
    return metrics.summary()


def _version_at(session: Session, image_id: int, at: datetime) -> int:
    query = select(func.max(RevisionRow.version))
    return session.scalar(query.where(RevisionRow.image_id == image_id, RevisionRow.at <= at)) or 0


# Mistakes of the models


def _mistakes(session: Session, project_id: int) -> list[Mistakes]:
    checked = in_project(project_id) & ImageRow.state.in_(CHECKED_STATES)
    corrected = _last_corrections(checked)
    words = _checked_words(session, checked)
    simple = _text_corrections(session, corrected)
    changed = _changed_regions(session, corrected)
    newest_first = select(PredictionRow.model_version).join(ImageRow).where(in_project(project_id))
    newest_first = newest_first.group_by(PredictionRow.model_version).order_by(
        func.max(PredictionRow.id).desc()
    )
    return [
        statistics.mistakes_of(name, words[name], simple[name], changed[name])
        for name in session.scalars(newest_first)
        if name in words or name in changed
    ]


def _last_corrections(checked: ColumnElement[bool]) -> Select:
    """The newest revision of each region by people and imports: `kinds` compare it with the prediction."""
    newest = select(func.max(RevisionRow.id)).join(ImageRow, ImageRow.id == RevisionRow.image_id)
    newest = newest.where(checked, NOT_BY_A_MODEL)
    newest = newest.group_by(RevisionRow.image_id, RevisionRow.region_id)
    return select().select_from(RevisionRow).where(RevisionRow.id.in_(newest))


def _of_predicted(corrected: Select) -> Select:
    """With the predicted region that was corrected, and its prediction."""
    return corrected.join(PredictionRow, PredictionRow.image_id == RevisionRow.image_id).join(
        PredictedRow,
        (PredictedRow.prediction_id == PredictionRow.id) & (PredictedRow.id == RevisionRow.region_id),
    )


def _checked_words(session: Session, checked: ColumnElement[bool]) -> dict[str, dict[int, int]]:
    """By model version and image: number of predicted regions that a person confirmed or changed."""
    query = (
        select(PredictionRow.model_version, ImageRow.id, func.count())
        .select_from(ImageRow)
        .join(PredictionRow, PredictionRow.image_id == ImageRow.id)
        .join(PredictedRow, PredictedRow.prediction_id == PredictionRow.id)
        .join(RegionRow, (RegionRow.image_id == ImageRow.id) & (RegionRow.id == PredictedRow.id))
        .where(checked, or_(ImageRow.state.in_(CONFIRMED_STATES), RegionRow.locked))
        .group_by(PredictionRow.model_version, ImageRow.id)
    )
    words: dict[str, dict[int, int]] = defaultdict(dict)
    for version, image, count in session.execute(query):
        words[version][image] = count
    return words


def _text_corrections(session: Session, corrected: Select) -> dict[str, dict[str, int]]:
    """By model version and kind."""
    keys = (PredictionRow.model_version, RevisionRow.kinds)
    query = _of_predicted(corrected).add_columns(*keys, func.count()).group_by(*keys)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for version, kind, count in session.execute(query.where(RevisionRow.kinds.in_(TEXT_KINDS))):
        found[version][kind] = count
    return found


def _changed_regions(session: Session, corrected: Select) -> dict[str, dict[int, Changed]]:
    """By model version and image: regions that were removed or got another shape, and missed ones."""
    found: dict[str, dict[int, Changed]] = defaultdict(lambda: defaultdict(lambda: ([], [])))
    predicted = _of_predicted(corrected).add_columns(
        PredictionRow.model_version,
        RevisionRow.image_id,
        RevisionRow.region_id,
        PredictedRow.polygon,
        PredictedRow.text,
        RevisionRow.after,
    )
    predicted = predicted.where(RevisionRow.kinds != "", RevisionRow.kinds.not_in(TEXT_KINDS))
    for version, image, region_id, polygon, text, after in session.execute(predicted):
        before, current = found[version][image]
        before.append(Region(polygon, text, region_id))
        if after is not None:
            current.append(Region.from_json(after))
    newest = (
        select(PredictionRow.model_version)
        .where(PredictionRow.image_id == RevisionRow.image_id, PredictionRow.added <= RevisionRow.at)
        .order_by(PredictionRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    missed = corrected.add_columns(newest, RevisionRow.image_id, RevisionRow.after)
    for version, image, after in session.execute(missed.where(RevisionRow.kinds == "missed")):
        found[version][image][1].append(Region.from_json(after))
    return found
