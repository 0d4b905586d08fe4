"""What one visitor works on: a project, its queue and the open photo."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from annotation.region import AnnotationError
from annotation.review import STATES
from annotation.store import queue
from annotation.store.records import ImageRecord, NotFoundError, VersionConflict
from annotation.store.roles import ForbiddenError, may
from annotation.store.store import Store, person_name
from annotation.tabs.documents import to_document, to_proposal
from annotation.tabs.photo_queue import PhotoQueue
from annotation.tabs.readings import Polygons, Readings
from annotation.tabs.sent_documents import SentDocuments
from spotter.language import tr
from spotter.tabs.shared.visitor import login_name

DEFAULT_PROJECT = "default"  # as on the command line


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
    is_own_conflict: bool = False  # with this visitor in another window
    history_of: str | None = None  # id of the region whose history is shown, "" for the photo's
    readings: Readings = field(default_factory=Readings)
    shown: dict[Any, Any] = field(default_factory=dict, repr=False)  # status that the page has, by component
    role_shown: object = None  # what `panels.roles` has shown last
    lock: RLock = field(default_factory=RLock, repr=False)

    def __post_init__(self) -> None:
        self.documents = SentDocuments(self.store)

    # The queue

    def refresh_queue(self) -> None:
        """Of the default project if somebody has deleted the other one, or taken the visitor's role away."""
        with self.lock:
            if self.project_id not in dict(self.store.projects()):
                self.project_id, self.image = default_project(self.store), None
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
                raise NotFoundError(tr("There is no such image."))
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
            revision = self.documents.add(opened, revision)
            texts = {region.id: region.text for region in opened.regions}
            suggestions = [
                to_proposal(s)
                for s in opened.suggestions
                if s.replaces is not None and texts.get(s.replaces, s.region.text) != s.region.text
            ]
            self.readings.sent_suggestions |= {item["id"] for item in suggestions}
            photo = self.store.image_path(opened.image)
            document = to_document(opened.image, photo, opened.regions, suggestions, revision)
            return document | {"read_only": not may(self.store.role(self.project_id), "edit")}

    def save(self, edit: dict[str, Any] | None) -> SaveResult:
        """Stores an edit; the same edit may come several times. Raises RegionError, NotFoundError."""
        if edit is None:
            return SaveResult()
        with self.lock:
            image_id = int(edit["image_id"])
            try:
                saved = self.documents.save(edit, self.who)
            except VersionConflict as conflict:
                return self._note_conflict(image_id, conflict)
            if saved is None:
                return SaveResult()
            if self.image and self.image.id == image_id:
                self.image = self.store.image(image_id)
                self.readings.note_edit(saved.before, saved.after)
                self._close_suggestions(image_id, edit["regions"])
            return SaveResult(True, saved.version, saved.merged)

    def _note_conflict(self, image_id: int, conflict: VersionConflict) -> SaveResult:
        if self.image is None or self.image.id != image_id:
            return SaveResult(True, conflict=str(conflict))
        if self.draft_id not in (None, conflict.draft_id):  # the new draft contains the older one
            self.store.discard_draft(self.draft_id)
        self.draft_id, self.conflict, self.is_own_conflict = conflict.draft_id, str(conflict), False
        if conflict.who == person_name(self.who) and self.who:
            self.is_own_conflict = True
            self.conflict = (
                tr("You changed this photo in another window.")
                if login_name()
                else tr("Somebody with your name, perhaps you in another window, has changed this photo.")
            )
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

    def has_unread(self) -> bool:
        """Whether `take_to_read` has regions."""
        with self.lock:
            return bool(self.readings.to_read)

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


def default_project(store: Store) -> int:
    """The project to begin with: the default one, or the first that has photos if it has none; one of the
    visitor's own if the default one is not for everybody."""
    known = {name: number for number, name in store.projects()}
    if DEFAULT_PROJECT not in known or not store.image_count(known[DEFAULT_PROJECT]):
        for number in known.values():
            if store.image_count(number):
                return number
    try:
        return store.ensure_project(DEFAULT_PROJECT)
    except ForbiddenError:
        visible = store.projects()
        return visible[0][0] if visible else store.ensure_project(f"{store.person()}'s photos", is_own=True)


def ensure(session: AnnotationSession | None, store: Store, who: str) -> AnnotationSession:
    """The visitor's session; a new one if the app was restarted."""
    if session is None:
        session = AnnotationSession(store, default_project(store))
    session.who = login_name() or who
    if session.project_id not in dict(store.projects()):  # somebody has deleted it
        session.reload()
    return session


def restore(store: Store, memory: dict[str, Any], image_id: int | None = None) -> AnnotationSession:
    """A session as it was left, or with an image that its address names.

    `memory`: what the browser sends, which may be anything.
    """
    known = {name: number for number, name in store.projects()}  # it may have been renamed or deleted
    project_id = known.get(str(memory.get("project"))) or default_project(store)
    session = AnnotationSession(store, project_id)
    session.who = login_name() or str(memory.get("who") or "")
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
