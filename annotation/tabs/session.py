"""What one visitor works on: a project, its queue, the open photo, and how far its edits are saved."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from annotation.merge import merge
from annotation.region import AnnotationError, Region
from annotation.review import STATES
from annotation.store import queue
from annotation.store.records import ImageRecord, NotFoundError, VersionConflict
from annotation.store.store import Store, person_name
from annotation.tabs.documents import SentDocument, from_document, to_document, to_proposal
from annotation.tabs.photo_queue import PhotoQueue
from annotation.tabs.readings import Polygons, Readings

DEFAULT_PROJECT = "default"  # as on the command line
SAME_PERSON = "You changed this photo in another window."
MAX_DOCUMENTS = 20  # sent documents that are remembered, since an edit of them may still be on its way


@dataclass(frozen=True)
class SaveResult:
    """The outcome of an edit."""

    is_new: bool = False  # False: the edit had been saved before
    version: int | None = None  # of the stored image after it
    merged: bool = False  # a model has added words that the page does not have yet
    conflict: str = ""  # another person saved first: one sentence


@dataclass
class AnnotationSession:
    """Thread-safe: all methods take one lock, as an edit and the step to the next photo may come together.

    An `edit` is the editor's value as it comes back: a dict of image_id, version, revision and regions.
    """

    store: Store
    project_id: int
    who: str = ""
    queue: PhotoQueue = field(default_factory=PhotoQueue)
    image: ImageRecord | None = None  # the open one
    draft_id: int | None = None  # this visitor's version of it that was refused
    conflict: str = ""
    history_of: str | None = None  # id of the region whose history is shown, "" for the photo's
    readings: Readings = field(default_factory=Readings)
    documents: dict[tuple[int, int], SentDocument] = field(default_factory=dict)  # by image id and version
    lock: RLock = field(default_factory=RLock, repr=False)

    # The queue

    def refresh_queue(self) -> None:
        """Of the default project if somebody has deleted the other one."""
        with self.lock:
            if self.project_id not in dict(self.store.projects()):
                self.project_id, self.image = self.store.ensure_project(DEFAULT_PROJECT), None
            self.queue.refresh(self.store, self.project_id)

    def reload(self, image_id: int | None = None) -> None:
        """Refreshes the queue; opens the given image, else the one that was open, else the first."""
        with self.lock:
            self.refresh_queue()
            current = self.image.id if self.image else self.queue.first()
            try:
                self.open(current if image_id is None else image_id)
            except AnnotationError:  # of another project or database
                self.open(self.queue.first())

    def step(self, forward: bool = True) -> bool:
        """Opens the next or the previous image; False at the end."""
        with self.lock:
            current = self.image.id if self.image else None
            found = self.queue.neighbour(current, forward)
            while found is not None and not self.store.images_by_id([found]):  # somebody has deleted it
                found = self.queue.neighbour(found, forward)
            if found is not None:
                self.open(found)
            return found is not None

    def position(self) -> int | None:
        """Index of the open image in the queue; None if it is not in it."""
        return self.queue.position(self.image.id) if self.image else None

    # The open image

    def open(self, image_id: int | None) -> None:
        """Opens an image of the project, or closes the open one. Raises NotFoundError."""
        with self.lock:
            image = None if image_id is None else self.store.image(image_id)
            if image is not None and image.project_id != self.project_id:
                raise NotFoundError("There is no such image.")
            self.image, self.conflict, self.draft_id = image, "", None
            self.history_of = None if self.history_of is None else ""
            self.readings = Readings()

    def has_open(self, edit: dict[str, Any] | None) -> bool:
        """Whether an edit is one of the open image."""
        return self.image is not None and edit is not None and edit["image_id"] == str(self.image.id)

    def document(self, revision: int = 0) -> dict[str, Any] | None:
        """The editor's value of the open image as it is stored; `revision`: of the last known edit."""
        with self.lock:
            if self.image is None:
                return None
            try:
                opened = self.store.open_image(self.image.id)
            except NotFoundError:  # somebody has deleted it
                self.reload()
                return self.document(revision)
            self.image = opened.image
            key = (opened.image.id, opened.image.version)
            sent = self.documents.pop(key, None)
            revision = max(revision, sent.revision if sent else 0)
            self.documents[key] = SentDocument(opened.image.version, opened.regions, revision)
            while len(self.documents) > MAX_DOCUMENTS:
                del self.documents[next(iter(self.documents))]
            texts = {region.id: region.text for region in opened.regions}
            suggestions = [
                to_proposal(s)
                for s in opened.suggestions
                if s.replaces is not None and texts.get(s.replaces, s.region.text) != s.region.text
            ]
            self.readings.sent_suggestions |= {item["id"] for item in suggestions}
            photo = self.store.image_path(opened.image)
            return to_document(opened.image, photo, opened.regions, suggestions, revision)

    def save(self, edit: dict[str, Any] | None) -> SaveResult:
        """Stores an edit; the same edit may come several times. Raises RegionError, NotFoundError."""
        if edit is None:
            return SaveResult()
        with self.lock:
            image_id = int(edit["image_id"])
            document = self.documents.get((image_id, edit["version"]))
            if document is None:
                document = self._restore_document(image_id, edit["version"])
            if edit["revision"] <= document.revision:
                return SaveResult()
            before, merged = document.regions, False
            regions = from_document(edit["regions"], before)
            is_newest = document.version == self.store.image(image_id).version
            if document.revision >= 0 and (document.stale or not is_newest):
                regions, merged = self._with_new_words(image_id, document, regions)
            try:
                version = self.store.save_regions(image_id, document.version, regions, self.who)
            except VersionConflict as conflict:
                document.revision = edit["revision"]
                return self._note_conflict(image_id, conflict)
            document.version, document.revision, document.stale = version, edit["revision"], merged
            self.documents[image_id, version] = document  # the page's next edit comes with this version
            sent = {value["id"] for value in edit["regions"]}
            document.regions = [region for region in self.store.regions(image_id) if region.id in sent]
            if self.image and self.image.id == image_id:
                self.image = self.store.image(image_id)
                self.readings.note_edit(before, document.regions)
                self._close_suggestions(image_id, edit["regions"])
            return SaveResult(True, version, merged)

    def _restore_document(self, image_id: int, version: int) -> SentDocument:
        """After a restart of the app: only the version says what the page had."""
        stored = self.store.open_image(image_id)
        is_newest = stored.image.version == version
        document = SentDocument(version, stored.regions if is_newest else [], revision=-1)
        self.documents[image_id, version] = document
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

    def _note_conflict(self, image_id: int, conflict: VersionConflict) -> SaveResult:
        if self.image is None or self.image.id != image_id:
            return SaveResult(True, conflict=str(conflict))
        if self.draft_id not in (None, conflict.draft_id):  # the new draft contains the older one
            self.store.discard_draft(self.draft_id)
        self.draft_id, self.conflict = conflict.draft_id, str(conflict)
        if conflict.who == person_name(self.who) and self.who:
            self.conflict = SAME_PERSON
        return SaveResult(True, conflict=self.conflict)

    def settle(self, mine: bool, join: bool = False) -> None:
        """Ends a conflict: this visitor's version becomes the image's, or the other one stays.

        `join`: with the other person's changes to other words. Raises AnnotationError.
        """
        with self.lock:
            if self.draft_id is None or self.image is None:
                return
            if mine:
                version = self.store.image(self.image.id).version
                self.store.apply_draft(self.draft_id, version, self.who, join)
            else:
                self.store.discard_draft(self.draft_id)
            self.draft_id, self.conflict = None, ""

    def set_state(self, state: str) -> None:
        """Sets the review state of the open image. Raises StateError."""
        with self.lock:
            if self.image is not None:
                self.image = self.store.set_state(self.image.id, state, self.who)

    # Suggestions

    def take_to_read(self) -> tuple[ImageRecord | None, Polygons]:
        """The open image, and the regions of it to read, which are then no longer queued."""
        with self.lock:
            return self.image, self.readings.take_to_read()

    def suggest(self, image_id: int, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Adds the editor's Proposals for an image; returns all that are open, none if it is not open."""
        with self.lock:
            if self.image is None or self.image.id != image_id:
                return []
            self.readings.add(items)
            return list(self.readings.suggestions.values())

    def _close_suggestions(self, image_id: int, values: Sequence[dict[str, Any]]) -> None:
        """Suggestions that a person used or dismissed are not made again."""
        answered = self.readings.close(values)
        for suggestion in self.store.suggestions(image_id):
            if suggestion.replaces in answered:
                self.store.dismiss_suggestion(image_id, suggestion.id)

    # What the browser remembers

    def to_memory(self) -> dict[str, Any]:
        return {
            "project": dict(self.store.projects())[self.project_id],
            "who": self.who,
            "image": self.image.id if self.image else None,
            "order": self.queue.order,
            "states": list(self.queue.states),
        }


def ensure(session: AnnotationSession | None, store: Store, who: str) -> AnnotationSession:
    """The visitor's session; a new one if the app was restarted."""
    if session is None:
        session = AnnotationSession(store, store.ensure_project(DEFAULT_PROJECT))
    session.who = who
    if session.project_id not in dict(store.projects()):  # somebody has deleted it
        session.reload()
    return session


def restore(store: Store, memory: dict[str, Any], image_id: int | None = None) -> AnnotationSession:
    """A session as it was left, or with an image that its address names.

    `memory`: what the browser sends, which may be anything.
    """
    known = {name: number for number, name in store.projects()}  # it may have been renamed or deleted
    project_id = known.get(str(memory.get("project"))) or store.ensure_project(DEFAULT_PROJECT)
    session = AnnotationSession(store, project_id)
    session.who = str(memory.get("who") or "")
    if memory.get("order") in queue.ORDERS:
        session.queue.order = memory["order"]
    if isinstance(memory.get("states"), list):
        session.queue.states = tuple(state for state in STATES if state in memory["states"])
    if image_id is None:
        image_id = memory["image"] if type(memory.get("image")) is int else None
    else:
        with suppress(NotFoundError):  # deleted since
            session.project_id = store.image(image_id).project_id
    session.reload(image_id)
    return session
