"""The queue and the project's progress as values of components."""

from __future__ import annotations

from annotation.store import queue
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from annotation.tabs.session import Desk
from annotation.tabs.thumbnails import thumbnail

AROUND = 30  # rows before and after the open image


def queue_rows(desk: Desk) -> dict:
    """The listing's value: the queue around the open image."""
    store, place = desk.store, desk.place()
    first = max(0, (place or 0) - AROUND)
    images = [store.image(i) for i in desk.ids[first : (place or 0) + AROUND]]
    following = desk.ids[place + 1 : place + 2] if place is not None else []
    left = len(desk.ids) - len(images)
    return {
        "rows": [_row(store, image) for image in images],
        "current": str(desk.image.id) if desk.image else "",
        "head": f"{len(desk.ids)} {'photo' if len(desk.ids) == 1 else 'photos'}",
        "foot": f"{left} more before or after these" if left else "",
        "empty": "No photo here.",
        "ahead": store.image_path(store.image(following[0])) if following else None,
    }


def _row(store: Store, image: ImageRecord) -> dict:
    return {
        "key": str(image.id),
        "title": image.name,
        "note": "not read yet" if image.uncertainty is None else f"doubt {image.uncertainty:.0%}",
        "badge": image.state,
        "picture": thumbnail(store.image_path(image)),
        "opens": True,
    }


def title(desk: Desk) -> str:
    """Where one is, without the image's name."""
    if desk.image is None:
        return ""
    place = desk.place()
    where = "not in the queue" if place is None else f"{place + 1} of {len(desk.ids)}"
    return f"{where}, {desk.image.state}"


def progress_bar(counts: queue.Progress) -> str:
    """HTML of numbers only, so nothing in it has to be escaped."""
    if not counts.total:
        return ""
    finished = counts.done + counts.approved
    says = f"{finished} of {counts.total} done" + (f", {counts.approved} approved" if counts.approved else "")
    bar = f'<progress max="{counts.total}" value="{finished}" aria-label="Photos that are done"></progress>'
    return f'<div class="progress">{bar}<span>{says}</span></div>'
