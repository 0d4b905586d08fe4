"""What one visitor works on: a project, its queue, the open image and what of it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock

from annotation.region import Region
from annotation.store import queue
from annotation.store.records import ImageRecord, NotFoundError, VersionConflict
from annotation.store.region_rows import merge
from annotation.store.store import Store
from annotation.tabs.documents import from_document, proposal, to_document

REMEMBERED = 20  # documents whose edits may still be on their way


@dataclass
class Document:
    """An image as it was sent to the page, and how far its edits are saved."""

    version: int  # of the stored image after them
    regions: list[Region]  # those that the page has, as they are stored
    revision: int = 0  # of the newest edit that is saved or put aside
    behind: bool = False  # the stored image has words of a model that this page has not


@dataclass
class Saved:
    """What became of an edit."""

    is_new: bool = False  # False: nothing that was not known
    version: int | None = None  # of the stored image after it
    merged: bool = False  # a model had added words meanwhile, and the page needs them
    conflict: str = ""  # a person had saved first: one sentence


@dataclass
class Desk:
    """Its methods wait for each other: an edit and the step to the next image may come at once."""

    store: Store
    project_id: int
    who: str = ""
    order: str = "uncertainty"
    states: tuple[str, ...] = queue.OPEN
    ids: list[int] = field(default_factory=list)  # the queue, which stands still while one works through it
    image: ImageRecord | None = None  # the open one
    draft: int | None = None  # this visitor's refused version of it
    conflict: str = ""
    unread: dict[str, list] = field(default_factory=dict)  # id -> points of regions drawn or moved by hand
    readings: dict[str, dict] = field(default_factory=dict)  # id -> the spotter's suggestion (Proposal)
    told: set[str] = field(default_factory=set)  # ids whose suggestion the page has
    documents: dict[tuple[int, int], Document] = field(default_factory=dict)  # by image and its version then
    lock: RLock = field(default_factory=RLock, repr=False)

    # The queue

    def refresh(self) -> None:
        """Makes the queue anew."""
        with self.lock:
            self.ids = queue.queue(self.store, self.project_id, self.order, self.states)

    def step(self, forward: bool = True) -> bool:
        """Opens the next or the previous image; False at the end."""
        with self.lock:
            current = self.image.id if self.image else None
            found = (queue.next_image if forward else queue.previous_image)(self.ids, current)
            if found is None or found == current:
                return False
            self.open(found)
            return True

    def place(self) -> int | None:
        """Index of the open image in the queue."""
        return self.ids.index(self.image.id) if self.image and self.image.id in self.ids else None

    # The open image

    def open(self, image_id: int | None) -> None:
        """Opens an image of the project, or nothing."""
        with self.lock:
            image = None
            if image_id is not None:
                image = self.store.image(image_id)
                if image.project_id != self.project_id:
                    raise NotFoundError("There is no such image.")
            self.image = image
            self.conflict, self.draft = "", None
            self.unread, self.readings, self.told = {}, {}, set()

    def document(self, revision: int = 0) -> dict | None:
        """The editor's value of the open image as it is stored; `revision`: of the last edit known."""
        with self.lock:
            if self.image is None:
                return None
            opened = self.store.open_image(self.image.id)
            self.image = opened.image
            key = (opened.image.id, opened.image.version)
            known = self.documents.pop(key, None)
            revision = max(revision, known.revision if known else 0)
            self.documents[key] = Document(opened.image.version, opened.regions, revision)
            while len(self.documents) > REMEMBERED:
                del self.documents[next(iter(self.documents))]
            texts = {region.id: region.text for region in opened.regions}
            suggestions = [
                proposal(s) for s in opened.suggestions if texts.get(s.beside, s.region.text) != s.region.text
            ]
            self.told |= {item["id"] for item in suggestions}
            photo = self.store.image_path(opened.image)
            return to_document(opened.image, photo, opened.regions, suggestions, revision)

    def save(self, payload: dict | None) -> Saved:
        """Stores what the editor sent, as often as it comes. Raises RegionError, NotFoundError."""
        if payload is None:
            return Saved()
        with self.lock:
            image_id, number = int(payload["image_id"]), payload["version"]
            document = self.documents.get((image_id, number))
            if document is None:  # the program was started anew: only the version tells what the page had
                stored = self.store.open_image(image_id)
                same = stored.image.version == number
                document = Document(number, stored.regions if same else [], -1)
                self.documents[image_id, number] = document
            if payload["revision"] <= document.revision:
                return Saved()
            before = document.regions
            regions = from_document(payload["regions"], before)
            regions, merged = self._with_news(image_id, document, regions)
            try:
                version = self.store.save_regions(image_id, document.version, regions, self.who)
            except VersionConflict as conflict:
                document.revision = payload["revision"]
                return self._refused(image_id, conflict)
            document.version, document.revision, document.behind = version, payload["revision"], merged
            self.documents[image_id, version] = document  # the page's next edit comes with this version
            sent = {value["id"] for value in payload["regions"]}
            document.regions = [region for region in self.store.regions(image_id) if region.id in sent]
            if self.image and self.image.id == image_id:
                self.image = self.store.image(image_id)
                self._note_shapes(before, document.regions)
                self._close_suggestions(payload["regions"])
            return Saved(True, version, merged)

    def _with_news(
        self, image_id: int, document: Document, regions: list[Region]
    ) -> tuple[list[Region], bool]:
        """With what a model has added since the page was sent; the store sees to what a person did."""
        stored = self.store.open_image(image_id)
        is_new = stored.image.version != document.version
        if document.revision < 0 or not (is_new or document.behind):
            return regions, False
        since = [r for r in self.store.history(image_id) if r.version > document.version] if is_new else []
        if any(revision.source != "model" for revision in since):
            return regions, False
        document.version = stored.image.version
        return merge(document.regions, regions, stored.regions), True

    def _refused(self, image_id: int, conflict: VersionConflict) -> Saved:
        if self.image is None or self.image.id != image_id:
            return Saved(True, conflict=str(conflict))
        if self.draft not in (None, conflict.draft_id):  # the new one holds all that the older one held
            self.store.discard_draft(self.draft)
        self.draft, self.conflict = conflict.draft_id, str(conflict)
        return Saved(True, conflict=self.conflict)

    def settle(self, mine: bool, join: bool = False) -> None:
        """Ends a conflict: this visitor's version becomes the image's (`join`: with what the other one
        changed in other words), or the other one stays.

        Raises AnnotationError.
        """
        with self.lock:
            if self.draft is None:
                return
            if mine:
                version = self.store.image(self.image.id).version
                self.store.apply_draft(self.draft, version, self.who, join)
            else:
                self.store.discard_draft(self.draft)
            self.draft, self.conflict = None, ""

    def set_state(self, state: str) -> None:
        """Raises StateError."""
        with self.lock:
            self.image = self.store.set_state(self.image.id, state, self.who)

    # Suggestions

    def _note_shapes(self, before: Sequence[Region], after: Sequence[Region]) -> None:
        """Regions that a person drew or moved are to be read again."""
        shapes = {region.id: region.polygon for region in before}
        here = {region.id: region for region in after}
        for region in after:
            if shapes.get(region.id) != region.polygon and not region.illegible:
                self.unread[region.id] = region.polygon
        self.unread = {name: points for name, points in self.unread.items() if name in here}
        self.readings = {
            name: item
            for name, item in self.readings.items()
            if name in here and here[name].polygon == item["points"] and here[name].text != item["text"]
        }

    def take_unread(self) -> tuple[ImageRecord | None, dict[str, list]]:
        """The open image and the regions of it to be read, which are then no longer waiting."""
        with self.lock:
            taken, self.unread = self.unread, {}
            return self.image, taken

    def suggest(self, image_id: int, items: Sequence[dict]) -> list[dict]:
        """Adds readings of an image; all that are open."""
        with self.lock:
            if self.image is None or self.image.id != image_id:
                return []
            self.readings |= {item["id"]: item for item in items}
            self.told |= {item["id"] for item in items}
            return list(self.readings.values())

    def _close_suggestions(self, values: Sequence[dict]) -> None:
        """What a person used or dismissed is not suggested again."""
        answered = {value["id"] for value in values if value["suggestion"] is None} & self.told
        self.readings = {name: item for name, item in self.readings.items() if name not in answered}
        for suggestion in self.store.suggestions(self.image.id):
            if suggestion.beside in answered:
                self.store.dismiss_suggestion(self.image.id, suggestion.id)
        self.told -= answered
