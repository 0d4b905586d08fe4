"""The part of the store for what was: the history of an image, and versions that were refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from annotation.merge import merge, with_regions
from annotation.region import Region, check_regions
from annotation.store import history, projects, review, roles
from annotation.store.authors import check_version, now, person_name
from annotation.store.database import Database
from annotation.store.records import Draft, Revision, StateChange
from annotation.store.region_rows import load_regions, replace_regions


class RevisionStore(Database):
    """History and drafts of a `Store`."""

    def history(self, image_id: int, region_id: str | None = None) -> list[Revision]:
        """Every change of an image's regions (or of one), oldest first."""
        with self.read() as session:
            return history.list_revisions(session, image_id, region_id)

    def regions_at_version(self, image_id: int, version: int) -> list[Region]:
        with self.read() as session:
            return history.regions_at_version(session, image_id, version)

    def restore_version(
        self, image_id: int, earlier: int, version: int, who: str, only: Collection[str] = ()
    ) -> int:
        """Makes the regions what they were in the version `earlier`, or `only` those with these ids.

        Returns the new version; nothing is removed from the history. Raises NotFoundError; AnnotationError if
        `version` is not the current one.
        """
        who, at = person_name(who), now()
        with self.write() as session:
            image = projects.get_image(session, image_id, lock=True)
            check_version(image, version)
            new = history.regions_at_version(session, image_id, earlier)
            if only:
                new = with_regions(load_regions(session, image_id), new, only)
            if replace_regions(session, image, new, who, "person", at):
                review.reopen(session, image, who, at)
            return image.version

    def reviews(self, image_id: int) -> list[StateChange]:
        """Every change of an image's review state, oldest first."""
        with self.read() as session:
            return review.list_changes(session, image_id)

    def was_ever_current(self, image_id: int, regions: Sequence[Region], since: int = 0) -> bool:
        """Whether an image has had these regions since a version, see `annotation.store.history`."""
        with self.read() as session:
            return history.was_ever_current(session, image_id, regions, since)

    def drafts(self, image_id: int | None = None) -> list[Draft]:
        """Rejected versions that wait for a decision, oldest first."""
        with self.read() as session:
            return history.open_drafts(session, image_id)

    def apply_draft(self, draft_id: int, version: int, who: str, join: bool = False) -> int:
        """Makes a draft the image's regions; the new version. The replaced regions stay in the history.

        `join`: merge it with what others have changed since; the draft wins where both changed a region.
        Raises NotFoundError; RegionError if the result has too many regions; AnnotationError if `version` is
        not the current one.
        """
        who, at = person_name(who), now()
        with self.write() as session:
            row = history.get_draft(session, draft_id)
            image = projects.get_image(session, row.image_id, lock=True)
            check_version(image, version)
            new = history.draft_record(row).regions
            if join:
                base = history.regions_at_version(session, image.id, row.base_version)
                new = merge(base, new, load_regions(session, image.id))
                check_regions(new, image.width, image.height)
            if replace_regions(session, image, new, who, "person", at):
                review.reopen(session, image, who, at)
            row.status = "applied"
            return image.version

    def discard_draft(self, draft_id: int) -> None:
        """Closes a draft; it stays in the database. Raises NotFoundError."""
        with self.write() as session:
            row = history.get_draft(session, draft_id)
            roles.check_image(session, row.image_id, "edit")
            row.status = "discarded"
