"""The store: projects, images, predictions, regions with their history; one object, safe in threads.

Every call is one transaction: done as a whole or not at all, also when the process is killed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from annotation.corrections import Correction, compare
from annotation.region import AnnotationError, Region, check_regions
from annotation.signals import RegionSignals, word_signals
from annotation.store import history, predictions, region_rows, review
from annotation.store.database import DEFAULT_URL, open_engine, parse_url, user_url
from annotation.store.images import ImageFolder
from annotation.store.projects import add_image_row, get_image, make_project, words_as_regions
from annotation.store.records import (
    Draft,
    ImageRecord,
    NotFoundError,
    OpenImage,
    Prediction,
    Revision,
    Suggestion,
    VersionConflict,
    image_record,
)
from annotation.store.tables import DraftRow, ImageRow, PredictionRow, ProjectRow, RevisionRow

if TYPE_CHECKING:
    from spotter.types import Word

__all__ = ["AnnotationError", "NotFoundError", "Store", "VersionConflict"]


class Store:
    """`with Store("sqlite:///annotation.db") as store: ...`"""

    def __init__(self, url: str = DEFAULT_URL, images: str | Path | None = None) -> None:
        """`images`: folder of the image files (default: `annotation.images` beside an SQLite file
        annotation.db, or in the working folder when the database is on a server).

        Makes and migrates the tables. Raises AnnotationError.
        """
        parsed = parse_url(url)
        is_file = parsed.get_backend_name() == "sqlite"
        beside = Path(parsed.database).with_suffix(".images") if is_file else Path("annotation.images")
        self.engine = open_engine(parsed)
        self.images = ImageFolder(Path(images if images is not None else beside).absolute())

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Raises AnnotationError when the database cannot be reached."""
        with _in_one_sentence(), Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is the only writer; rolled back when an exception leaves it.

        Raises AnnotationError when the database is busy or cannot be reached.
        """
        engine = self.engine.execution_options(writes=True)
        with _in_one_sentence(), Session(engine, autoflush=True) as session, session.begin():
            yield session

    # Projects

    def project(self, name: str) -> int:
        """Id of the project of this name, made when there is none. Raises AnnotationError."""
        with self.write() as session:
            return make_project(session, name)

    def find_project(self, name: str) -> int:
        """Raises NotFoundError."""
        with self.read() as session:
            found = session.scalar(select(ProjectRow.id).where(ProjectRow.name == name))
        if found is None:
            raise NotFoundError(f"There is no project {name!r}.")
        return found

    def projects(self) -> list[tuple[int, str]]:
        """(id, name) by name."""
        with self.read() as session:
            return [
                tuple(row)
                for row in session.execute(select(ProjectRow.id, ProjectRow.name).order_by(ProjectRow.name))
            ]

    # Images

    def add_image(
        self, project_id: int, source: str | Path | bytes, name: str = ""
    ) -> tuple[ImageRecord, bool]:
        """Takes a picture into a project; False beside it when the project had it already.

        `name`: a label, by default the file's name. Raises spotter.images.ImageError, NotFoundError.
        """
        stored = self.images.add(source)
        with self.write() as session:
            if session.get(ProjectRow, project_id) is None:
                raise NotFoundError("There is no such project.")
            row, added = add_image_row(
                session, project_id, stored, name or ("" if isinstance(source, bytes) else str(source))
            )
            return image_record(row), added

    def image(self, image_id: int) -> ImageRecord:
        """Raises NotFoundError."""
        with self.read() as session:
            return image_record(get_image(session, image_id))

    def image_path(self, image: ImageRecord) -> Path:
        """The stored file: upright, no EXIF."""
        return self.images.path(image.sha256, image.extension)

    def image_list(
        self, project_id: int, state: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[ImageRecord]:
        """Images of a project by name (img2 before img10)."""
        query = select(ImageRow).where(ImageRow.project_id == project_id)
        if state is not None:
            query = query.where(ImageRow.state == state)
        query = query.order_by(ImageRow.sort_name, ImageRow.id).limit(limit).offset(offset)
        with self.read() as session:
            return [image_record(row) for row in session.scalars(query)]

    def image_count(self, project_id: int) -> int:
        with self.read() as session:
            return session.scalar(select(func.count()).where(ImageRow.project_id == project_id))

    # Regions

    def open_image(self, image_id: int) -> OpenImage:
        """All that the editor needs. Raises NotFoundError."""
        with self.read() as session:
            row = get_image(session, image_id)
            return OpenImage(
                image_record(row),
                region_rows.load(session, image_id),
                predictions.open_suggestions(session, image_id),
                [
                    history.draft_record(d)
                    for d in session.scalars(history.open_drafts().where(DraftRow.image_id == image_id))
                ],
            )

    def regions(self, image_id: int) -> list[Region]:
        with self.read() as session:
            return region_rows.load(session, image_id)

    def save_regions(self, image_id: int, version: int, values: Sequence[Region | dict], who: str) -> int:
        """Makes `values` the regions of an image; the new version (the old one when nothing changed).

        `values` may come straight from a browser. What was added or changed is locked, the image "in work".

        Raises:
            RegionError: a region cannot be taken; nothing is saved.
            VersionConflict: `version` is not the newest; `values` are kept as a draft.
            NotFoundError: no such image.
        """
        who, at, conflict = _person(who), _now(), None
        with self.write() as session:
            image = get_image(session, image_id, lock=True)
            checked = check_regions(values, image.width, image.height)
            if image.version == version:
                if region_rows.replace_all(session, image, checked, who, "person", at):
                    review.edited(session, image, who, at)
            elif not same_content(checked, region_rows.load(session, image_id)):
                draft = history.save_draft(session, image, checked, who, version, at)
                conflict = VersionConflict(
                    image.changed_by or "Someone", image.changed_at or at, image.version, draft
                )
            saved = image.version
        if conflict:
            raise conflict
        return saved

    def set_state(self, image_id: int, state: str, who: str, version: int | None = None) -> ImageRecord:
        """Review state by the rules of `annotation.store.review`; done and approved lock all regions.

        `version`: refused with AnnotationError when the image has changed since. Raises StateError,
        NotFoundError.
        """
        with self.write() as session:
            image = get_image(session, image_id, lock=True)
            if version is not None:
                _check_version(image, version)
            review.change(session, image, state, _person(who), _now())
            return image_record(image)

    # Predictions

    def add_prediction(
        self,
        image_id: int,
        model_version: str,
        words: Sequence[Word],
        numbers: Sequence[RegionSignals] | None = None,
    ) -> bool:
        """Regions nobody touched are replaced by what a model found; the rest become suggestions.

        `words`: of `Spotter.spot` on the stored image; `numbers`: see `annotation.signals`, by default
        what Words tell. False, and no change, when this version has spoken on this image. Raises RegionError,
        NotFoundError.
        """
        with self.write() as session:
            image = get_image(session, image_id, lock=True)
            found = words_as_regions(words, image, model_version)
            numbers = [word_signals(word) for word in words] if numbers is None else numbers
            return predictions.add(session, image, model_version, found, numbers, _now())

    def predictions(self, image_id: int) -> list[Prediction]:
        """Oldest first; their regions have origin "model" and the model's scores."""
        with self.read() as session:
            rows = session.scalars(
                select(PredictionRow).where(PredictionRow.image_id == image_id).order_by(PredictionRow.id)
            )
            return [
                Prediction(r.model_version, r.added, r.score, region_rows.predicted(session, r.id))
                for r in rows
            ]

    def corrections(self, image_id: int, model_version: str | None = None) -> list[Correction]:
        """Prediction against regions as they stand (default: the newest one). [] without a prediction."""
        with self.read() as session:
            row = region_rows.newest_prediction(session, image_id)
            if model_version is not None:
                row = session.scalar(
                    select(PredictionRow).where(
                        PredictionRow.image_id == image_id, PredictionRow.model_version == model_version
                    )
                )
            if row is None:
                return []
            return compare(region_rows.predicted(session, row.id), region_rows.load(session, image_id))

    def accept_suggestion(self, image_id: int, version: int, suggestion_id: str, who: str) -> int:
        """Puts a suggestion in the place of the region it stands beside, or adds it; the new version.

        Raises NotFoundError; AnnotationError when `version` is not the newest.
        """
        who, at = _person(who), _now()
        with self.write() as session:
            image = get_image(session, image_id, lock=True)
            row = predictions.suggestion_row(session, image_id, suggestion_id)
            if row is None:
                raise NotFoundError("This suggestion is no longer open.")
            _check_version(image, version)
            new = predictions.with_suggestion(region_rows.load(session, image_id), row)
            row.status = "accepted"
            if region_rows.replace_all(session, image, new, who, "person", at):
                review.edited(session, image, who, at)
            return image.version

    def dismiss_suggestion(self, image_id: int, suggestion_id: str) -> None:
        """Raises NotFoundError."""
        with self.write() as session:
            row = predictions.suggestion_row(session, image_id, suggestion_id)
            if row is None:
                raise NotFoundError("This suggestion is no longer open.")
            row.status = "dismissed"

    def suggestions(self, image_id: int) -> list[Suggestion]:
        with self.read() as session:
            return predictions.open_suggestions(session, image_id)

    # History and drafts

    def history(self, image_id: int, region_id: str | None = None) -> list[Revision]:
        """Every change of an image's regions (or of one), oldest first."""
        query = select(RevisionRow).where(RevisionRow.image_id == image_id)
        if region_id is not None:
            query = query.where(RevisionRow.region_id == region_id)
        with self.read() as session:
            return [history.revision_record(row) for row in session.scalars(query.order_by(RevisionRow.id))]

    def drafts(self, image_id: int | None = None) -> list[Draft]:
        """Versions that were refused and wait, oldest first."""
        query = history.open_drafts()
        if image_id is not None:
            query = query.where(DraftRow.image_id == image_id)
        with self.read() as session:
            return [history.draft_record(row) for row in session.scalars(query)]

    def apply_draft(self, draft_id: int, version: int, who: str, join: bool = False) -> int:
        """Makes a draft the image's regions; the new version. What stood there stays in the history.

        `join`: what others changed since in words that the draft left as they were stays; of a word that both
        changed the draft's counts. Raises NotFoundError; RegionError when these are too many; AnnotationError
        when `version` is not the newest.
        """
        who, at = _person(who), _now()
        with self.write() as session:
            row = history.get_draft(session, draft_id)
            image = get_image(session, row.image_id, lock=True)
            _check_version(image, version)
            new = history.draft_record(row).regions
            if join:
                base = history.regions_at_version(session, image.id, row.base_version)
                new = region_rows.merge(base, new, region_rows.load(session, image.id))
                check_regions(new, image.width, image.height)
            if region_rows.replace_all(session, image, new, who, "person", at):
                review.edited(session, image, who, at)
            row.status = "applied"
            return image.version

    def discard_draft(self, draft_id: int) -> None:
        """Closes a draft; it stays in the database. Raises NotFoundError."""
        with self.write() as session:
            history.get_draft(session, draft_id).status = "discarded"


def open_store(url: str | None = None) -> Store:
    """The store at this URL, by default the one in the user's data folder. Raises AnnotationError."""
    return Store(url if url is not None else user_url())


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:  # locked for too long, disk full, server gone
        reason = " ".join(str(error.orig).split()).rstrip(".")
        raise AnnotationError(f"The database cannot be used now ({reason}); nothing was changed.") from error


def same_content(first: Sequence[Region], second: Sequence[Region]) -> bool:
    return {r.id: r.content for r in first} == {r.id: r.content for r in second}


def _check_version(image: ImageRow, version: int) -> None:
    if version != image.version:
        raise AnnotationError(f"{image.changed_by} has changed this image in between; look at it again.")


def _person(who: str) -> str:
    who = "".join(sign for sign in str(who) if sign.isprintable()).strip()[:200]
    return who or "someone"


def _now() -> datetime:
    return datetime.now(UTC)
