"""Photos that are read in the background: how many, and their words as they come."""

from __future__ import annotations

import gradio as gr

from annotation.store.predictions import model_version
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.background import BackgroundReader, ReadingProgress
from annotation.tabs.error_messages import errors_as_messages, escape_markdown
from annotation.tabs.session import AnnotationSession, ensure
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.loading import Loader

POLL_SECONDS = 2


class BackgroundPanel:
    """A line of text, and the timer that runs while photos are read."""

    def __init__(self, reader: BackgroundReader) -> None:
        self.reader = reader
        self.text = gr.Markdown(elem_id="correct-reading")
        self.timer = gr.Timer(POLL_SECONDS, active=False)

    def show(self, progress: ReadingProgress | None = None) -> Updates:
        """`progress`: as it was a moment ago; by default as it is now."""
        progress = progress or self.reader.progress
        lines = (
            [tr("Reading photos: {done} of {total}.", done=progress.done, total=progress.total)]
            if progress.is_busy
            else []
        )
        if progress.problem:
            problem = escape_markdown(progress.problem)
            lines.append(tr("A photo could not be read: {problem}", problem=problem))
        return {self.text: "\n\n".join(lines), self.timer: gr.Timer(active=progress.is_busy)}

    def wire(self, page: Page) -> None:
        def tick(values: Values) -> Updates:
            """Shows new words of the open photo, without touching edits that are not saved yet.

            When all photos are read, the queue is sorted: now it is known which are the least sure ones.
            """
            edit, progress = values[page.editor], self.reader.progress
            with errors_as_messages():
                session = ensure(values[page.session], page.store, values[page.who])
                if session.image is None:
                    session.reload()
                elif not progress.is_busy:
                    session.refresh_queue()
                image = session.image
                if image is not None and not session.has_open(edit):
                    return page.show(session, {}) | self.show(progress)
                if image is None or session.conflict or page.store.image(image.id).version == image.version:
                    return page.show_status(session) | self.show(progress)
                saved = session.save(edit)
                updates = page.show_status(session) if saved.conflict else page.show(session, values)
                return updates | self.show(progress)

        self.timer.tick(tick, page.inputs, page.shown, **HIDDEN, **IN_TURN)


class RereadPanel:
    """A button that reads the whole project with the weights of this app."""

    def __init__(self) -> None:
        with gr.Accordion(tr("Read again"), open=False):
            hint = tr(
                "Reads every photo that these weights have not read yet. Words that nobody has edited are "
                "replaced; for edited words the new results become suggestions."
            )
            gr.Markdown(hint, elem_classes="hint")
            self.button = gr.Button(tr("Read the whole project"), size="md")

    def wire(self, page: Page, reader: BackgroundReader, loader: Loader) -> None:
        @saving(page)
        def read_project(session: AnnotationSession, values: Values) -> None:
            reader.add_unread(session.project_id, model_version(loader.spotter().card))

        self.button.click(read_project, page.inputs, page.shown, trigger_mode="once", **HIDDEN, **IN_TURN)
