"""Import and export: files of all formats, and a Label Studio server."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gradio as gr

from annotation.archive import IMAGES, MAX_ANNOTATIONS, pack, too_large, unpack
from annotation.formats import EVERYTHING, EXPORTS, FORMATS, FormatError, export_to, import_from
from annotation.formats.exporting import Form
from annotation.formats.turning import STORED, UPRIGHT
from annotation.review import state_name
from annotation.store.selection import SELECTABLE, Selection, parse_selection, people
from annotation.store.store import Store
from annotation.tabs.actions import Page, Updates, Values
from annotation.tabs.background import BackgroundReader
from annotation.tabs.panels.listing import Listing
from annotation.tabs.panels.server import URL_VARIABLE, ServerFields, project_name
from annotation.tabs.panels.transfer_report import attempt, running
from annotation.tabs.session import ensure
from annotation.upload import Progress
from spotter.language import tr
from spotter.tabs.shared.careful_blocks import unusable
from spotter.tabs.shared.events import HIDDEN, PRIVATE

DETECT = ""  # the import format that is found out by looking at the file
FIND_OUT = ""  # what coordinates refer to, likewise
ANYONE = ""
ALLOW_SERVER = "SPACE_ID" not in os.environ  # a public page must not send requests for strangers
MAX_STEM = 60  # characters of a project's name in a file name, of which each may take four bytes
# The report lies below the fields, out of sight where the drawer is low.
SHOW_REPORT = """() => setTimeout(() =>
    document.getElementById("correct-transfer-report")?.scrollIntoView({ block: "center" }), 300)"""


class TransferPanel:
    """An accordion with export, import, and the server where that is allowed."""

    def __init__(self, any_server: bool = True) -> None:
        """`any_server`: visitors may name a server, else only that of the environment is used."""
        with gr.Accordion(tr("Import and export"), open=False, elem_id="correct-transfer") as self.box:
            with gr.Row():
                with gr.Column(min_width=280):
                    self._build_export()
                with gr.Column(min_width=280):
                    self._build_import()
            self.report = Listing(label=tr("Import/export report"), elem_id="correct-transfer-report")
            self.exported = gr.File(label=tr("Exported file"), visible=False, interactive=False, height=100)
            has_server = ALLOW_SERVER and (any_server or URL_VARIABLE in os.environ)
            self.server = ServerFields(any_server) if has_server else None

    def _build_export(self) -> None:
        self.export_format = gr.Dropdown(
            [(form.title(), name) for name, form in EXPORTS.items()],
            value="label-studio",
            label=tr("Export format"),
            info=EXPORTS["label-studio"].purpose(),
            filterable=False,
        )
        self.states = gr.CheckboxGroup(
            [(state_name(state), state) for state in SELECTABLE],
            label=tr("Only photos that are"),
            info=tr("None chosen: all except new ones; Label Studio gets those too."),
        )
        with gr.Row(elem_id="correct-filters"):
            self.person = gr.Dropdown(
                [(tr("Anyone"), ANYONE)],
                value=ANYONE,
                label=tr("Only by"),
                info=tr("Who changed a photo last, or marked it as done."),
                filterable=False,
            )
            self.since = gr.DateTime(
                include_time=False,
                type="string",
                timezone="UTC",
                label=tr("Only changed since (UTC)"),
            )
        self.export = gr.Button(tr("Export the project"))

    def _build_import(self) -> None:
        titles = {name: module.title() for name, module in FORMATS.items()}
        names = [(title[0].upper() + title[1:], name) for name, title in titles.items()]
        self.import_format = gr.Dropdown(
            [(tr("Detect automatically"), DETECT), *names],
            value=DETECT,
            label=tr("Import format"),
            filterable=False,
        )
        self.coordinates = gr.Dropdown(
            [
                (tr("Detect automatically"), FIND_OUT),
                (tr("As the photo is seen, upright"), UPRIGHT),
                (tr("As the photo is stored, before EXIF turns it"), STORED),
            ],
            value=FIND_OUT,
            label=tr("Coordinates of turned photos"),
            filterable=False,
        )
        self.file = gr.File(
            label=tr("Archive or annotation file"), type="filepath", height=140, elem_id="correct-import"
        )
        hint = tr(
            "A zip archive of annotations and photos, as exported here, or an annotation file alone if the "
            "photos are in the project. What is invalid is left out and listed; corrections are never "
            "overwritten."
        )
        gr.Markdown(hint, elem_classes="hint")

    def wire(self, page: Page, reader: BackgroundReader) -> None:
        def show_people(values: Values) -> Updates:
            session = ensure(values[page.session], page.store, values[page.who])
            names = people(session.store, session.project_id)
            chosen = values[self.person] if values[self.person] in names else ANYONE
            return {self.person: gr.update(choices=[(tr("Anyone"), ANYONE), *names], value=chosen)}

        def chosen_format(values: Values) -> Form:
            if values[self.export_format] is None:  # which no page sends
                raise gr.Error(unusable(), print_exception=False)
            return EXPORTS[values[self.export_format]]

        def show_purpose(values: Values) -> Updates:
            return {self.export_format: gr.update(info=chosen_format(values).purpose())}

        def export_project(
            values: Values,
            progress: gr.Progress = gr.Progress(),  # noqa: B008
        ) -> Iterator[Updates]:
            form = chosen_format(values)
            title = tr("Export as {format}", format=form.title())
            yield {self.report: running(title), self.exported: gr.update(visible=False)}
            file: Path | None = None

            def show_progress(done: int, total: int, _: str) -> None:
                progress((done, total), desc=tr("Exporting"), unit=tr("photos"))

            def export() -> list[str]:
                nonlocal file
                selection = parse_selection(values[self.states], values[self.person], values[self.since])
                file, lines = export_file(
                    session.store,
                    session.project_id,
                    values[self.export_format],
                    Path(folder),
                    selection,
                    show_progress,
                )
                return lines

            with tempfile.TemporaryDirectory(prefix="export-") as folder:
                with page.saved(values) as session:
                    rows, _ = attempt(title, export)
                shown = gr.update(visible=False) if file is None else gr.update(value=str(file), visible=True)
                # Gradio makes its copy of the file before it asks for the next value; then the folder goes.
                yield {self.exported: shown, self.report: rows}

        def import_archive(values: Values) -> Iterator[Updates]:
            if not values[self.file]:
                yield {self.file: None}
                return
            path, format_name = Path(values[self.file]), values[self.import_format]
            coordinates = values[self.coordinates]
            title = tr("Import of {name}", name=path.name)
            yield {self.report: running(title)}
            with page.saved(values) as session:
                name = project_name(session.store, session.project_id)
                rows, _ = attempt(
                    title,
                    lambda: import_file(session.store, name, path, format_name, session.who, coordinates),
                )
                session.reload()
                reader.add_unread(session.project_id)
                yield {self.file: None, self.report: rows} | page.show(session, values)

        options: dict[str, Any] = {**PRIVATE, "show_progress_on": [self.report]}
        filters = {self.states, self.person, self.since}
        self.box.expand(show_people, {page.session, page.who, self.person}, [self.person], **HIDDEN)
        self.export_format.input(show_purpose, {self.export_format}, [self.export_format], **HIDDEN)
        self.export.click(
            export_project,
            {*page.inputs, *filters, self.export_format},
            [self.exported, self.report],
            **options,
        )
        self.file.upload(
            import_archive,
            {*page.inputs, self.file, self.import_format, self.coordinates},
            [self.file, self.report, *page.shown],
            **options,
        ).failure(lambda: None, None, self.file, **PRIVATE)
        for started in (self.export.click, self.file.upload):
            started(None, None, None, js=SHOW_REPORT, **HIDDEN)
        if self.server is not None:
            self.server.wire(page, self.report)


def export_file(
    store: Store,
    project_id: int,
    format_name: str,
    folder: Path,
    selection: Selection = EVERYTHING,
    progress: Progress | None = None,
) -> tuple[Path, list[str]]:
    """Writes a project into one file in a folder: PROJECT-FORMAT-DATE.zip, which contains a folder of this
    name, or the format's only file. Returns the file, and the report. Raises AnnotationError.
    """
    name = re.sub(r"[^\w-]+", "-", project_name(store, project_id))[:MAX_STEM].strip("-") or "project"
    stem = f"{name}-{format_name}-{datetime.now(UTC):%Y-%m-%d}"
    form = EXPORTS.get(format_name)
    if form is not None and form.file and form.images is None:
        file = folder / f"{stem}{Path(form.file).suffix}"
        return file, export_to(store, project_id, file, format_name, selection, progress).lines()
    file = folder / f"{stem}.zip"
    report = export_to(store, project_id, folder / "packed" / stem, format_name, selection, progress)
    pack(folder / "packed", file)
    return file, report.lines()


def import_file(
    store: Store, project: str, path: Path, format_name: str, who: str = "", coordinates: str = FIND_OUT
) -> list[str]:
    """Imports an archive or an annotation file into a project; the report.

    `format_name` may be DETECT, `coordinates` FIND_OUT. Raises FormatError.
    """
    if format_name != DETECT and format_name not in FORMATS:
        raise FormatError(tr("There is no format {name!r}.", name=format_name))
    source = f"import of {path.name}" + (f" by {who}" if who.strip() else "")
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        if path.suffix.lower() == ".zip":
            unpacked = Path(folder) / path.name  # a message may contain this name
            unpacked.mkdir()
            path = unpack(path, unpacked)
        elif path.suffix.lower() not in IMAGES and path.stat().st_size > MAX_ANNOTATIONS:
            raise too_large()
        report = import_from(
            store, project, path, format_name or None, who=source, coordinates=coordinates or None
        )
        return report.lines()
