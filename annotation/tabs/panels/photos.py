"""Adding photos to a project: single ones, many, a folder, a zip archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from annotation.tabs.error_messages import told
from annotation.tabs.panels.listing import Listing
from annotation.upload import UploadReport, upload

PRIVACY = "Photos added here stay in the project's database; everybody who can open this page can see them."
MAX_UPLOAD = 512 * 2**20  # bytes of one file, which may be an archive; a photo's own limit is checked later

if TYPE_CHECKING:
    from annotation.tabs.correct import Correct


class Photos:
    """The accordion; `wire` when the rest of the tab is there."""

    def __init__(self) -> None:
        with gr.Accordion("Add photos", open=True) as self.box:
            with gr.Row(equal_height=True):
                self.files = gr.File(
                    label="Photos, or a zip archive of them",
                    file_count="multiple",
                    type="filepath",
                    height=120,
                    scale=4,
                    min_width=240,
                    elem_id="correct-files",
                )
                self.folder = gr.UploadButton(
                    "A whole folder", file_count="directory", size="md", scale=1, min_width=140
                )
            gr.Markdown(PRIVACY, elem_classes="hint")
        self.report = Listing(label="What became of the files", elem_id="correct-report")

    def wire(self, tab: Correct) -> None:
        def add(desk, payload, who, paths, progress=gr.Progress()) -> dict:  # noqa: B008
            if not paths:
                return {self.files: None}
            desk = tab.ready(desk, who)

            def tell(done: int, total: int, name: str) -> None:
                progress((done, total), desc="Adding photos", unit="files")

            with told():
                desk.save(payload)
                report = upload(tab.store, desk.project_id, paths, tell)
                tab.reader.add(image.id for image in report.added)
                tab.refresh(desk)
                closed = {self.box: gr.Accordion(open=not tab.store.image_count(desk.project_id))}
                return {self.files: None, self.report: told_files(report)} | tab.show(desk, payload) | closed

        outputs = [self.files, self.report, *tab.shown]
        options = {"api_visibility": "private", "show_progress_on": [self.report]}
        inputs = [tab.desk, tab.editor, tab.who]
        self.files.upload(add, [*inputs, self.files], outputs, **options)
        self.folder.upload(add, [*inputs, self.folder], outputs, **options)
        # What was refused has been seen by whoever goes on; it would push the editor off the screen.
        steps = [button.click for button in (tab.next, tab.previous, tab.states["done"])]
        gr.on(steps, lambda: {}, None, self.report, api_visibility="private", show_progress="hidden")


def told_files(report: UploadReport) -> dict:
    """The listing's value."""
    parts = [
        (len(report.added), "added"),
        (len(report.known), "known already"),
        (len(report.refused), "refused"),
    ]
    head = ", ".join(f"{count} {what}" for count, what in parts if count) or "There was no file."
    rows = [{"key": str(i), "title": name, "note": why} for i, (name, why) in enumerate(report.refused[:200])]
    return {
        "rows": rows,
        "head": head,
        "foot": "The refused ones are listed; the others are in the queue." if rows else "",
    }
