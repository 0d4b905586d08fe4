"""The queue of one visitor: the photos to correct, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from annotation.review import OPEN_STATES
from annotation.store import queue
from annotation.store.store import Store


@dataclass
class PhotoQueue:
    """Ids of images. The list only changes in `refresh`, so that one can step through it."""

    order: str = "uncertainty"
    states: tuple[str, ...] = OPEN_STATES
    ids: list[int] = field(default_factory=list)

    def refresh(self, store: Store, project_id: int) -> None:
        """Raises AnnotationError if the order or a state is unknown."""
        self.ids = queue.queue(store, project_id, self.order, self.states)

    def first(self) -> int | None:
        return self.ids[0] if self.ids else None

    def neighbour(self, image_id: int | None, forward: bool) -> int | None:
        """The next or the previous image; None at the end."""
        found = (queue.next_image if forward else queue.previous_image)(self.ids, image_id)
        return None if found == image_id else found

    def position(self, image_id: int | None) -> int | None:
        """Index of an image; None if it is not in the queue."""
        return self.ids.index(image_id) if image_id in self.ids else None
