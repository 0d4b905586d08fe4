"""Import and export: files in four forms, and a Label Studio server."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from annotation.archive import pack, unpack
from annotation.formats import FORMATS, FormatError, export_to, import_from
from annotation.label_studio.client import Server, ServerError
from annotation.label_studio.sync import pull, push
from annotation.store.store import Store
from annotation.tabs.error_messages import told
from annotation.tabs.panels.listing import Listing, sentences

if TYPE_CHECKING:
    from annotation.tabs.correct import Correct

NAMES = [
    ("Label Studio tasks (JSON)", "label-studio"),
    ("ICDAR 2015 text files", "icdar"),
    ("PPOCRLabel's Label.txt", "ppocrlabel"),
    ("COCO polygons (JSON)", "coco"),
]
URL_VARIABLE = "LABEL_STUDIO_URL"  # the server that the token of the environment is for
WITH_SERVER = "SPACE_ID" not in os.environ  # on a public page strangers could make this machine ask others
IMPORT_HINT = """A zip archive of annotations and photos, as an export here writes it, or the annotation
file alone when the photos are in the project. A file that is wrong changes nothing; what somebody has
corrected here since is never overwritten."""
SERVER_HINT = """Sends the project to the project of the same name on a Label Studio server, or brings back
what was done there. Both can be repeated. The token is used once and kept nowhere."""


class Transfer:
    """The accordion; `wire` when the rest of the tab is there."""

    def __init__(self) -> None:
        with gr.Accordion("Import and export", open=False, elem_id="correct-transfer"):
            with gr.Row():
                with gr.Column(min_width=280):
                    self.form_out = gr.Dropdown(
                        NAMES, value="label-studio", label="Export as", filterable=False
                    )
                    self.export = gr.Button("Export the project")
                    self.file_out = gr.File(label="Exported archive", visible=False, interactive=False)
                with gr.Column(min_width=280):
                    self.form_in = gr.Dropdown(NAMES, value="label-studio", label="Import", filterable=False)
                    self.file_in = gr.File(
                        label="Archive or annotation file",
                        type="filepath",
                        height=140,
                        elem_id="correct-import",
                    )
                    gr.Markdown(IMPORT_HINT, elem_classes="hint")
            if WITH_SERVER:
                self._build_server()
            self.report = Listing(label="What came in or went out")

    def _build_server(self) -> None:
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

    def wire(self, tab: Correct) -> None:
        options = {"api_visibility": "private", "show_progress_on": [self.report]}
        saving = [tab.desk, tab.editor, tab.who]

        def export(desk, payload, who, form):
            desk = tab.ready(desk, who)
            with tempfile.TemporaryDirectory(prefix="export-") as folder:
                with told():
                    desk.save(payload)
                    file, lines = export_archive(tab.store, desk.project_id, form, Path(folder))
                # The page has a copy when the next step is asked for.
                yield gr.update(value=str(file), visible=True), sentences(lines)
                yield gr.skip(), gr.skip()

        def bring(desk, payload, who, path, form) -> dict:
            if not path:
                return {self.file_in: None}
            desk = tab.ready(desk, who)
            with told():
                desk.save(payload)
                name = project_name(tab.store, desk.project_id)
                lines = import_file(tab.store, name, Path(path), form, who)
                tab.refresh(desk)
                tab.reader.add_unread(desk.project_id)
                return {self.file_in: None, self.report: sentences(lines)} | tab.show(desk, payload)

        self.export.click(export, [*saving, self.form_out], [self.file_out, self.report], **options)
        self.file_in.upload(
            bring, [*saving, self.file_in, self.form_in], [self.file_in, self.report, *tab.shown], **options
        ).failure(lambda: None, None, self.file_in, api_visibility="private")
        if not WITH_SERVER:
            return

        def ask(what: Callable) -> Callable:
            def run(desk, payload, who, url, token, progress=gr.Progress()) -> dict:  # noqa: B008
                desk = tab.ready(desk, who)
                with told():
                    desk.save(payload)
                    name = project_name(tab.store, desk.project_id)
                    lines = what(tab.store, name, connect(url, token), shown_by(progress)).lines()
                    tab.refresh(desk)
                    return {self.report: sentences(lines), self.token: ""} | tab.show(desk, payload)

            return run

        inputs = [*saving, self.url, self.token]
        outputs = [self.report, self.token, *tab.shown]
        options["show_progress_on"] = [self.url]  # an empty report is too low for the bar
        self.push.click(ask(push), inputs, outputs, **options)
        self.pull.click(ask(pull), inputs, outputs, **options)


def export_archive(store: Store, project_id: int, form: str, folder: Path) -> tuple[Path, list[str]]:
    """A zip archive of a project in a folder, and what is to be said of it. Raises FormatError."""
    name = re.sub(r"[^\w-]+", "-", project_name(store, project_id)).strip("-") or "project"
    written = folder / name
    report = export_to(store, project_id, written, check_form(form))
    file = folder / f"{name}-{form}.zip"
    pack(written, file)
    return file, report.lines()


def import_file(store: Store, project: str, path: Path, form: str, who: str = "") -> list[str]:
    """Takes an archive or an annotation file into a project; what came in. Raises FormatError."""
    check_form(form)
    source = f"import of {path.name}" + (f" by {who}" if who.strip() else "")
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        if path.suffix.lower() == ".zip":
            path = annotations(unpack(path, Path(folder)), form)
        return import_from(store, project, path, form, who=source).lines()


def annotations(folder: Path, form: str) -> Path:
    """What to read in an unpacked archive: the folder, or its only annotation file of another name."""
    known = getattr(FORMATS[form], "FILE", "")
    if not known or (folder / known).is_file():
        return folder
    files = sorted(folder.glob(f"*{Path(known).suffix}"))
    if len(files) != 1:
        raise FormatError(f"The archive has no {known} at its top; choose another form, or pack it again.")
    return files[0]


def check_form(form: str) -> str:
    if form not in FORMATS:
        raise FormatError(f"There is no form {form!r}.")
    return form


def project_name(store: Store, project_id: int) -> str:
    return dict(store.projects())[project_id]


def connect(url: str, token: str) -> Server:
    """The token of the environment goes to the server of the environment only. Raises ServerError."""
    url, token = (url or "").strip(), (token or "").strip()
    if not url:
        raise ServerError("Type the address of the Label Studio server.")
    if not token and url.rstrip("/") != os.environ.get(URL_VARIABLE, "").rstrip("/"):
        raise ServerError("Type an access token of this server; Label Studio shows it on the account page.")
    return Server(url, token or None)


def shown_by(progress: gr.Progress) -> Callable[[int, int, str], None]:
    return lambda done, total, _: progress((done, total), desc="Label Studio", unit="images")
