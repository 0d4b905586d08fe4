"""Import and export: files of all formats, and a Label Studio server."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import gradio as gr

from annotation.archive import pack, unpack
from annotation.formats import EXPORTS, FORMATS, FormatError, export_to, import_from
from annotation.formats.detection import detect
from annotation.label_studio.client import Server, ServerError
from annotation.label_studio.sync import pull, push
from annotation.store.store import Store
from annotation.tabs.actions import Page, Updates, Values, saving
from annotation.tabs.background import BackgroundReader
from annotation.tabs.panels.listing import Listing, text_rows
from annotation.tabs.session import AnnotationSession
from spotter.tabs.shared.events import PRIVATE

DETECT = ""  # the import format that is found out by looking at the file
ANNOTATION_ENDINGS = {".json", ".txt", ".csv", ".xml"}
URL_VARIABLE = "LABEL_STUDIO_URL"  # the server that the token of the environment belongs to
ALLOW_SERVER = "SPACE_ID" not in os.environ  # a public page must not send requests for strangers
IMPORT_HINT = """A zip archive of annotations and photos, as exported here, or an annotation file alone if
the photos are in the project. What is invalid is left out and listed; corrections are never overwritten."""
SERVER_HINT = """Pushes the project to the project of the same name on a Label Studio server, or pulls what
was done there. Both can be repeated. The token is used once and not stored."""
ProgressCallback = Callable[[int, int, str], None]  # number done, number of all, name


class Report(Protocol):
    def lines(self) -> list[str]: ...


class TransferPanel:
    """An accordion with export, import, and the server where that is allowed."""

    def __init__(self) -> None:
        with gr.Accordion("Import and export", open=False, elem_id="correct-transfer"):
            with gr.Row():
                with gr.Column(min_width=280):
                    self.export_format = gr.Dropdown(
                        choices(EXPORTS), value="label-studio", label="Export format", filterable=False
                    )
                    self.export = gr.Button("Export the project")
                    self.exported = gr.File(label="Exported archive", visible=False, interactive=False)
                with gr.Column(min_width=280):
                    self.import_format = gr.Dropdown(
                        [("Detect automatically", DETECT), *choices(FORMATS)],
                        value=DETECT,
                        label="Import format",
                        filterable=False,
                    )
                    self.file = gr.File(
                        label="Archive or annotation file",
                        type="filepath",
                        height=140,
                        elem_id="correct-import",
                    )
                    gr.Markdown(IMPORT_HINT, elem_classes="hint")
            self.server = ServerFields() if ALLOW_SERVER else None
            self.report = Listing(label="Import/export report")

    def wire(self, page: Page, reader: BackgroundReader) -> None:
        def export_project(values: Values) -> Iterator[Updates]:
            with tempfile.TemporaryDirectory(prefix="export-") as folder:
                with page.saved(values) as session:
                    format_name = values[self.export_format]
                    file, lines = export_archive(session.store, session.project_id, format_name, Path(folder))
                yield {self.exported: gr.update(value=str(file), visible=True), self.report: text_rows(lines)}
                # Gradio has made its copy when it asks for the next value; the folder can go.
                yield {self.exported: gr.skip(), self.report: gr.skip()}

        @saving(page)
        def import_archive(session: AnnotationSession, values: Values) -> Updates:
            if not values[self.file]:
                return {self.file: None}
            name = project_name(session.store, session.project_id)
            path, format_name = Path(values[self.file]), values[self.import_format]
            lines = import_file(session.store, name, path, format_name, session.who)
            session.reload()
            reader.add_unread(session.project_id)
            return {self.file: None, self.report: text_rows(lines)} | page.show(session, values)

        options = {**PRIVATE, "show_progress_on": [self.report]}
        self.export.click(
            export_project, {*page.inputs, self.export_format}, [self.exported, self.report], **options
        )
        self.file.upload(
            import_archive,
            {*page.inputs, self.file, self.import_format},
            [self.file, self.report, *page.shown],
            **options,
        ).failure(lambda: None, None, self.file, **PRIVATE)
        if self.server is not None:
            self.server.wire(page, self.report)


class ServerFields:
    """Address and token of a Label Studio server, push and pull."""

    def __init__(self) -> None:
        with gr.Accordion("Label Studio server", open=False):
            gr.Markdown(SERVER_HINT, elem_classes="hint")
            with gr.Row():
                self.url = gr.Textbox(
                    os.environ.get(URL_VARIABLE, ""),
                    label="Address",
                    placeholder="http://127.0.0.1:8080",
                    min_width=240,
                )
                self.token = gr.Textbox(
                    label="Access token",
                    type="password",
                    min_width=240,
                )
            with gr.Row():
                self.push = gr.Button("Push to the server")
                self.pull = gr.Button("Pull from the server")

    def wire(self, page: Page, report: Listing) -> None:
        def with_server(transfer: Callable[[Store, str, Server, ProgressCallback], Report]) -> Callable:
            @saving(page)
            def run(
                session: AnnotationSession,
                values: Values,
                progress: gr.Progress = gr.Progress(),  # noqa: B008
            ) -> Updates:
                name = project_name(session.store, session.project_id)
                server = connect(values[self.url], values[self.token])
                lines = transfer(session.store, name, server, progress_callback(progress)).lines()
                session.reload()
                return {report: text_rows(lines), self.token: ""} | page.show(session, values)

            return run

        inputs, outputs = {*page.inputs, self.url, self.token}, [report, self.token, *page.shown]
        # Not on the report: while it is empty, it is too low for the progress bar.
        options: dict[str, Any] = {**PRIVATE, "show_progress_on": [self.url]}
        self.push.click(with_server(push), inputs, outputs, **options)
        self.pull.click(with_server(pull), inputs, outputs, **options)


def choices(names: Iterable[str]) -> list[tuple[str, str]]:
    """Formats for a dropdown: title and name."""
    titles = [FORMATS[name].TITLE for name in names]
    return [(title[0].upper() + title[1:], name) for title, name in zip(titles, names, strict=True)]


def export_archive(store: Store, project_id: int, format_name: str, folder: Path) -> tuple[Path, list[str]]:
    """Writes a zip archive of a project into a folder; the file, and the report. Raises FormatError."""
    name = re.sub(r"[^\w-]+", "-", project_name(store, project_id)).strip("-") or "project"
    written = folder / name
    report = export_to(store, project_id, written, check_format(format_name))
    file = folder / f"{name}-{format_name}.zip"
    pack(written, file)
    return file, report.lines()


def import_file(store: Store, project: str, path: Path, format_name: str, who: str = "") -> list[str]:
    """Imports an archive or an annotation file into a project; the report. `format_name` may be DETECT.

    Raises FormatError.
    """
    if format_name != DETECT:
        check_format(format_name)
    source = f"import of {path.name}" + (f" by {who}" if who.strip() else "")
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        if path.suffix.lower() == ".zip":
            path = find_annotations(unpack(path, Path(folder)), format_name)
        return import_from(store, project, path, format_name or None, who=source).lines()


def find_annotations(folder: Path, format_name: str) -> Path:
    """What to read in an unpacked archive: the folder, or its only annotation file of another name."""
    if format_name == DETECT:
        try:
            detect(folder, FORMATS)
        except FormatError:
            files = [file for file in folder.iterdir() if file.suffix.lower() in ANNOTATION_ENDINGS]
            return files[0] if len(files) == 1 else folder
        return folder
    known = getattr(FORMATS[format_name], "FILE", "")
    if not known or (folder / known).is_file():
        return folder
    files = sorted(folder.glob(f"*{Path(known).suffix}"))
    if len(files) != 1:
        raise FormatError(f"The archive has no {known} at its top; choose another format, or pack it again.")
    return files[0]


def check_format(format_name: str) -> str:
    if format_name not in FORMATS:
        raise FormatError(f"There is no format {format_name!r}.")
    return format_name


def project_name(store: Store, project_id: int) -> str:
    return dict(store.projects())[project_id]


def connect(url: str | None, token: str | None) -> Server:
    """The token of the environment is only sent to the server of the environment. Raises ServerError."""
    url, token = (url or "").strip(), (token or "").strip()
    if not url:
        raise ServerError("Enter the address of the Label Studio server.")
    if not token and url.rstrip("/") != os.environ.get(URL_VARIABLE, "").rstrip("/"):
        raise ServerError("Enter an access token of this server; Label Studio shows it on the account page.")
    return Server(url, token or None)


def progress_callback(progress: gr.Progress) -> ProgressCallback:
    return lambda done, total, _: progress((done, total), desc="Label Studio", unit="images")
