"""The store: projects, images, predictions, regions with their history; one object, thread-safe.

Every call is one transaction: it happens completely or not at all, even if the process is killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from annotation.corrections import Correction, find_corrections
from annotation.merge import apply_suggestion
from annotation.region import Region, check_regions, regions_from_words, same_content
from annotation.signals import RegionSignals, word_signals
from annotation.store import history, predictions, projects, review, roles
from annotation.store.authors import check_version, now, person_name
from annotation.store.database import DEFAULT_URL, parse_url, sqlite_file, user_url
from annotation.store.images import ImageFolder
from annotation.store.records import (
    ImageRecord,
    NotFoundError,
    OpenImage,
    Prediction,
    Suggestion,
    VersionConflict,
    image_record,
)
from annotation.store.region_rows import load_predicted, load_regions, predicted_region, replace_regions
from annotation.store.revisions import RevisionStore
from annotation.store.tables import ImageRow
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.types import Word


class Store(RevisionStore):
    """`with Store("sqlite:///annotation.db") as store: ...`"""

    def __init__(self, url: str = DEFAULT_URL, images: str | Path | None = None) -> None:
        """`images`: folder of the image files (default: `annotation.images` next to an SQLite file
        annotation.db, or in the working directory if the database is on a server).

        Creates and migrates the tables. Raises AnnotationError.
        """
        parsed = parse_url(url)
        file = sqlite_file(parsed)
        default = Path("annotation.images") if file is None else file.with_suffix(".images")
        super().__init__(parsed)
        self.images = ImageFolder(Path(images if images is not None else default).absolute())

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # Projects

    def ensure_project(self, name: str, is_own: bool = False) -> int:
        """Id of the project with this name, created if there is none. Raises AnnotationError.

        `is_own`: a new one belongs to the person who acts; otherwise to nobody, so that it is open.
        """
        with self.write() as session:
            return projects.ensure_project(session, name, self.person() if is_own else "")

    def role(self, project_id: int) -> str:
        """Of the person who acts, see annotation.store.roles; "" without one."""
        with self.read() as session:
            return roles.role_of(session, project_id, self.person()) or ""

    def members(self, project_id: int) -> dict[str, str]:
        """Roles by name; {} if the project is open: everybody may do everything."""
        with self.read() as session:
            return roles.members(session, project_id)

    def give_role(self, project_id: int, person: str, role: str | None) -> None:
        """Of `roles.ROLES`; None takes it away. Raises AnnotationError."""
        with self.write() as session:
            roles.give_role(session, project_id, person, role)

    def find_project(self, name: str) -> int:
        """Raises NotFoundError."""
        with self.read() as session:
            found = projects.find_project(session, name)
            if found is None:
                raise NotFoundError(tr("There is no project {name!r}.", name=name))
            roles.check(session, found, "look")
        return found

    def projects(self) -> list[tuple[int, str]]:
        """(id, name), ordered by name."""
        with self.read() as session:
            return projects.list_projects(session)

    # Images

    def add_image(
        self, project_id: int, source: str | Path | bytes, name: str = "", who: str = ""
    ) -> tuple[ImageRecord, bool]:
        """Adds an image to a project; (image, False) if the project already has it.

        One in the bin comes back as it was. `name`: to show, by default the file's name. Raises
        spotter.images.ImageError, NotFoundError.
        """
        stored = self.images.add(source)
        name = name or ("" if isinstance(source, bytes) else str(source))
        with self.write() as session:
            if not self.images.path(stored.sha256, stored.extension).exists():
                self.images.add(source)  # its only image was deleted for good in the meantime
            row, added = projects.add_image_row(session, project_id, stored, name, person_name(who))
            return image_record(row), added

    def image(self, image_id: int) -> ImageRecord:
        """Raises NotFoundError."""
        with self.read() as session:
            return image_record(projects.get_image(session, image_id))

    def find_image(self, sha256: str) -> ImageRecord | None:
        """The image whose stored or original file has this hash, in any project."""
        with self.read() as session:
            row = projects.find_by_hash(session, sha256)
            return None if row is None else image_record(row)

    def image_path(self, image: ImageRecord) -> Path:
        """The stored file: upright, without EXIF."""
        return self.images.path(image.sha256, image.extension)

    def image_size(self, image_id: int) -> tuple[int, int] | None:
        """Width and height in pixels, also if it is in the bin; None if there is no such image."""
        with self.read() as session:
            row = session.get(ImageRow, image_id)
            return None if row is None else (row.width, row.height)

    def images_by_id(self, image_ids: Sequence[int]) -> list[ImageRecord]:
        """In this order, without those that do not exist (any more)."""
        with self.read() as session:
            return projects.images_by_id(session, image_ids)

    def image_list(
        self, project_id: int, state: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[ImageRecord]:
        """Images of a project, ordered by name (img2 before img10)."""
        with self.read() as session:
            return projects.list_images(session, project_id, state, limit, offset)

    def image_count(self, project_id: int) -> int:
        with self.read() as session:
            return projects.count_images(session, project_id)

    def unpredicted_images(
        self, project_id: int, model_version: str | None = None, state: str | None = None
    ) -> list[int]:
        """Ids of a project's images without any prediction, or without one of this model version."""
        with self.read() as session:
            return projects.unpredicted_images(session, project_id, model_version, state)

    # Regions

    def open_image(self, image_id: int) -> OpenImage:
        """An image with its regions, suggestions and drafts. Raises NotFoundError."""
        with self.read() as session:
            return OpenImage(
                image_record(projects.get_image(session, image_id)),
                load_regions(session, image_id),
                predictions.open_suggestions(session, image_id),
                history.open_drafts(session, image_id),
            )

    def regions(self, image_id: int) -> list[Region]:
        with self.read() as session:
            return load_regions(session, image_id)

    def save_regions(self, image_id: int, version: int, values: Sequence[Region | dict], who: str) -> int:
        """Makes `values` the regions of an image; the new version (the old one if nothing changed).

        `values` may be untrusted. Added and changed regions become locked, the image "in work".

        Raises:
            RegionError: a region is invalid; nothing is saved.
            VersionConflict: `version` is not the current one; `values` are saved as a draft.
            NotFoundError: no such image.
        """
        who, at, conflict = person_name(who), now(), None
        with self.write() as session:
            image = projects.get_image(session, image_id, lock=True)
            stored = load_regions(session, image_id)
            checked = check_regions(values, image.width, image.height, stored)
            if image.version == version:
                if replace_regions(session, image, checked, who, "person", at, stored):
                    review.reopen(session, image, who, at)
            elif not same_content(checked, stored):
                draft = history.save_draft(session, image, checked, who, version, at)
                conflict = VersionConflict(
                    image.changed_by or "Someone", image.changed_at or at, image.version, draft
                )
            saved = image.version
        if conflict:
            raise conflict
        return saved

    def set_state(
        self, image_id: int, state: str, who: str, version: int | None = None, reason: str = ""
    ) -> ImageRecord:
        """Changes the review state (see `annotation.review`); done and approved lock all regions.

        `version`: raises AnnotationError if the image has changed since; `reason`: why it is skipped. Raises
        StateError, NotFoundError.
        """
        with self.write() as session:
            image = projects.get_image(session, image_id, lock=True)
            if version is not None:
                check_version(image, version)
            review.change_state(session, image, state, person_name(who), now(), reason or None)
            return image_record(image)

    # Predictions

    def add_prediction(
        self,
        image_id: int,
        model_version: str,
        words: Sequence[Word | Region],
        signals: Sequence[RegionSignals] | None = None,
    ) -> bool:
        """Adds a model's words: they replace unedited regions, the others become suggestions.

        `words`: of `Spotter.spot` on the stored image; `signals`: by default those of the words alone. False
        if the image already has a prediction of this model version. Raises RegionError, NotFoundError.
        """
        with self.write() as session:
            image = projects.get_image(session, image_id, lock=True)
            regions = regions_from_words(words, image.sha256, image.width, image.height, model_version)
            signals = [word_signals(word) for word in words] if signals is None else signals
            return predictions.add_prediction(session, image, model_version, regions, signals, now())

    def predictions(self, image_id: int) -> list[Prediction]:
        """Oldest first; their regions have origin "model" and the model's scores."""
        with self.read() as session:
            return predictions.list_predictions(session, image_id)

    def corrections(self, image_id: int, model_version: str | None = None) -> list[Correction]:
        """A prediction (default: the newest) compared with the current regions; [] without a prediction."""
        with self.read() as session:
            prediction = predictions.find_prediction(session, image_id, model_version)
            if prediction is None:
                return []
            return find_corrections(load_predicted(session, prediction), load_regions(session, image_id))

    def accept_suggestion(self, image_id: int, version: int, suggestion_id: str, who: str) -> int:
        """Applies a suggestion to the region that it replaces, or adds it; the new version.

        Raises NotFoundError; AnnotationError if `version` is not the current one.
        """
        who, at = person_name(who), now()
        with self.write() as session:
            image = projects.get_image(session, image_id, lock=True)
            row = predictions.get_suggestion(session, image_id, suggestion_id)
            check_version(image, version)
            new = apply_suggestion(load_regions(session, image_id), predicted_region(row), row.matched_id)
            row.status = "accepted"
            if replace_regions(session, image, new, who, "person", at):
                review.reopen(session, image, who, at)
            return image.version

    def dismiss_suggestion(self, image_id: int, suggestion_id: str) -> None:
        """Raises NotFoundError."""
        with self.write() as session:
            suggestion = predictions.get_suggestion(session, image_id, suggestion_id)
            roles.check_image(session, image_id, "edit")
            suggestion.status = "dismissed"

    def suggestions(self, image_id: int) -> list[Suggestion]:
        with self.read() as session:
            return predictions.open_suggestions(session, image_id)


def open_store(url: str | None = None) -> Store:
    """The store at this URL, by default the one in the user's data folder. Raises AnnotationError."""
    return Store(url if url is not None else user_url())
