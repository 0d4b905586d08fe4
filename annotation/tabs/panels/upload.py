"""Adding photos to a project: single ones, many, a folder, a zip archive."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotation.tabs.actions import Page, Updates, Values, saving
from annotation.tabs.background import BackgroundReader
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession
from annotation.upload import UploadReport, upload
from spotter.language import tr
from spotter.tabs.shared.events import PRIVATE

MAX_UPLOAD = 512 * 2**20  # bytes per file, which may be an archive; a photo's own limit is checked later
MAX_ROWS = 200  # files that are listed, because they were refused or have several pages


class UploadPanel:
    """An accordion with the upload fields, and the report, which stays until the next one."""

    def __init__(self, is_shared: bool = True) -> None:
        """`is_shared`: everybody sees the photos."""
        with gr.Accordion(tr("Add photos"), open=False) as self.box:
            with gr.Row(equal_height=True):
                self.files = gr.File(
                    label=tr("Photos, or a zip archive of them"),
                    file_count="multiple",
                    type="filepath",
                    height=120,
                    scale=4,
                    min_width=240,
                    elem_id="correct-files",
                )
                self.folder = gr.UploadButton(
                    tr("A whole folder"),
                    file_count="directory",
                    size="md",
                    scale=1,
                    min_width=140,
                    elem_id="correct-folder",
                )
            if is_shared:
                gr.Markdown(privacy(), elem_classes="hint")
        # The page puts it where it takes one line, below the head.
        self.report = Listing(label=tr("Upload report"), elem_id="correct-report", render=False)

    def show(self, session: AnnotationSession) -> Updates:
        """Open as long as the project has no photos."""
        return {self.box: gr.Accordion(open=session.store.image_count(session.project_id) == 0)}

    def wire(self, page: Page, reader: BackgroundReader) -> None:
        def add_from(field: gr.File | gr.UploadButton) -> None:
            @saving(page)
            def add(
                session: AnnotationSession,
                values: Values,
                progress: gr.Progress = gr.Progress(),  # noqa: B008
            ) -> Updates:
                if not values[field]:
                    return {self.files: None}

                def show_progress(done: int, total: int, name: str) -> None:
                    progress((done, total), desc=tr("Adding photos"), unit=tr("files"))

                report = upload(session.store, session.project_id, values[field], show_progress)
                reader.add(image.id for image in report.added)
                session.reload()
                shown = page.show(session, values) | self.show(session)
                return {self.files: None, self.report: report_rows(report)} | shown

            outputs = [self.files, self.report, self.box, *page.shown]
            options = {**PRIVATE, "show_progress_on": [self.files]}
            field.upload(add, {*page.inputs, field}, outputs, **options)

        add_from(self.files)
        add_from(self.folder)


def privacy() -> str:
    """Who can see the photos."""
    return tr(
        "Photos added here stay in the project's database; everybody who can open this page can see them."
    )


def report_rows(report: UploadReport) -> dict[str, Any]:
    """The listing's value."""
    parts = [
        tr("{number} added", number=len(report.added)) if report.added else "",
        tr("{number} already in the project", number=len(report.existing)) if report.existing else "",
        tr("{number} refused", number=len(report.refused)) if report.refused else "",
    ]
    head = ", ".join(filter(None, parts)) or tr("No files")
    rows = [
        {"key": str(i), "title": name, "note": reason}
        for i, (name, reason) in enumerate([*report.refused, *report.notes][:MAX_ROWS])
    ]
    if report.refused:
        head += ": " + ": ".join(report.refused[0]) + (" ..." if len(report.refused) > 1 else "")
    return {"rows": rows, "head": head, "folds": bool(rows), "closes": True}
