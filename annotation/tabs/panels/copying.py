"""Copies the words of the previous photo, for series of the same scene."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.editor import RegionEditor
from annotation.region import MAX_REGIONS, AnnotationError, Region, new_id
from annotation.store.records import ImageRecord
from annotation.tabs.actions import IN_TURN, Page, Updates, Values
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN


class CopyPanel:
    """A button below the photo."""

    def __init__(self) -> None:
        self.button = gr.Button(tr("Copy the words of the previous photo"), size="sm", elem_id="correct-copy")

    def wire(self, page: Page) -> None:
        def copy(values: Values) -> Updates:
            # As an edit on the page: it is saved like any other, and undone there.
            with page.saved(values) as session:
                if session.image is None:
                    return {page.editor: gr.skip()}
                regions = previous_regions(session, session.image)
                return {page.editor: RegionEditor.add_regions(str(session.image.id), regions)}

        self.button.click(copy, page.inputs, page.editor, trigger_mode="once", **HIDDEN, **IN_TURN)


def previous_regions(session: AnnotationSession, image: ImageRecord) -> list[dict[str, Any]]:
    """The previous photo's regions for this one, as the editor's RegionData. Raises AnnotationError."""
    store, position = session.store, session.position()
    if not position:
        raise AnnotationError(
            tr("There is no photo before this one in the queue; sort it by name, for example.")
        )
    previous = store.open_image(session.queue.ids[position - 1])
    if not previous.regions:
        raise AnnotationError(tr("The previous photo, {name}, has no words.", name=previous.image.name))
    if len(previous.regions) + len(store.regions(image.id)) > MAX_REGIONS:
        raise AnnotationError(tr("A photo can have at most {number} words.", number=MAX_REGIONS))
    scale = image.width / previous.image.width, image.height / previous.image.height
    return [copied_region(region, *scale) for region in previous.regions]


def copied_region(region: Region, scale_x: float, scale_y: float) -> dict[str, Any]:
    """A word as if a person had drawn and typed it; not locked, since nobody has checked it here."""
    return {
        "id": new_id(),
        "points": [[x * scale_x, y * scale_y] for x, y in region.polygon],
        "text": region.text,
        "illegible": region.illegible,
        "difficult": region.difficult,
        "origin": "person",
    }
