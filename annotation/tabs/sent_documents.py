"""What a visitor's page was sent, and how the edits that come back from it are saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotation.merge import contains_changes, merge
from annotation.region import Region
from annotation.store.records import OpenImage, VersionConflict
from annotation.store.store import Store
from annotation.tabs.documents import from_document

MAX_DOCUMENTS = 20  # that are remembered, since an edit of them may still be on its way


@dataclass
class SentDocument:
    """An image as it was sent to the page, and how far its edits are saved."""

    version: int  # of the stored image after these edits
    regions: list[Region]  # those that the page has, as they are stored
    revision: int = 0  # of the newest edit that is saved or kept as a draft; -1: unknown after a restart
    stale: bool = False  # the stored image has words of a model that the page does not have


@dataclass(frozen=True)
class SavedEdit:
    """An edit after it was stored."""

    version: int  # of the stored image after it
    before: list[Region]  # what the page had
    after: list[Region]  # and has now
    merged: bool  # a model has added words that the page does not have yet


class SentDocuments:
    """Those of one visitor, by image and version. An `edit` is the editor's value as it comes back."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._sent: dict[tuple[int, int], SentDocument] = {}

    def add(self, opened: OpenImage, revision: int) -> int:
        """An image is sent, after an edit of this `revision`. Returns the revision of its newest edit."""
        key = (opened.image.id, opened.image.version)
        sent = self._sent.pop(key, None)
        revision = max(revision, sent.revision if sent else 0)
        self._sent[key] = SentDocument(opened.image.version, opened.regions, revision)
        while len(self._sent) > MAX_DOCUMENTS:
            del self._sent[next(iter(self._sent))]
        return revision

    def save(self, edit: dict[str, Any], who: str) -> SavedEdit | None:
        """None: it had been saved before. Raises RegionError, NotFoundError, VersionConflict."""
        image_id = int(edit["image_id"])
        document = self._sent.get((image_id, edit["version"])) or self._restore(image_id, edit["version"])
        if edit["revision"] <= document.revision:
            return None
        before, merged = document.regions, False
        regions = from_document(edit["regions"], before)
        is_newest = document.version == self.store.image(image_id).version
        if document.revision >= 0 and (document.stale or not is_newest):
            regions, merged = self._with_new_words(image_id, document, regions)
        elif not is_newest:
            regions = self._after_lost_answer(image_id, document, edit)
        try:
            document.version = self.store.save_regions(image_id, document.version, regions, who)
        except VersionConflict:  # the edit is kept as a draft
            document.revision = edit["revision"]
            raise
        document.revision, document.stale = edit["revision"], merged
        self._sent[image_id, document.version] = document  # the page's next edit comes with this version
        sent = {value["id"] for value in edit["regions"]}
        document.regions = [region for region in self.store.regions(image_id) if region.id in sent]
        return SavedEdit(document.version, before, document.regions, merged)

    def _restore(self, image_id: int, version: int) -> SentDocument:
        """After a restart of the app: only the version says what the page had."""
        stored = self.store.open_image(image_id)
        is_newest = stored.image.version == version
        document = SentDocument(version, stored.regions if is_newest else [], revision=-1)
        self._sent[image_id, version] = document
        return document

    def _with_new_words(
        self, image_id: int, document: SentDocument, regions: list[Region]
    ) -> tuple[list[Region], bool]:
        """Adds what a model has found since the page was sent; False if there is nothing to add.

        If a person changed the image too, nothing is added: the store reports a conflict.
        """
        stored = self.store.open_image(image_id)
        newer = [change for change in self.store.history(image_id) if change.version > document.version]
        if any(change.source != "model" for change in newer):
            return regions, False
        document.version = stored.image.version
        return merge(document.regions, regions, stored.regions), True

    def _after_lost_answer(self, image_id: int, document: SentDocument, edit: dict[str, Any]) -> list[Region]:
        """The edit's regions. It may contain earlier edits that were saved, though the page was never told:
        if all that was saved since its version is in it, it continues the stored version.
        """
        stored = self.store.open_image(image_id)
        regions = from_document(edit["regions"], stored.regions)
        base = self.store.regions_at_version(image_id, document.version)
        is_older = document.version < stored.image.version
        if is_older and contains_changes(base, regions, stored.regions):
            document.version = stored.image.version
        return regions
