"""Push to and pull from a Label Studio server."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import gradio as gr

from annotation.label_studio.client import Server, ServerError
from annotation.label_studio.sync import pull, push
from annotation.store.store import Store
from annotation.tabs.actions import Page, Updates, Values, saving
from annotation.tabs.panels.listing import Listing
from annotation.tabs.panels.transfer_report import attempt
from annotation.tabs.session import AnnotationSession
from annotation.upload import Progress
from spotter.language import tr
from spotter.tabs.shared.events import PRIVATE

URL_VARIABLE = "LABEL_STUDIO_URL"  # the server that the token of the environment belongs to


class Report(Protocol):
    def lines(self) -> list[str]: ...


class ServerFields:
    """Address and token of a Label Studio server, push and pull."""

    def __init__(self, any_address: bool = True) -> None:
        """`any_address`: visitors may name one, else it is that of the environment."""
        self.any_address = any_address
        with gr.Accordion(tr("Label Studio server"), open=False):
            hint = tr(
                "Pushes the project to the project of the same name on a Label Studio server, or pulls what "
                "was done there. Both can be repeated. The token is used once and not stored."
            )
            gr.Markdown(hint, elem_classes="hint")
            with gr.Row():
                self.url = gr.Textbox(
                    os.environ.get(URL_VARIABLE, ""),
                    label=tr("Address"),
                    placeholder="http://127.0.0.1:8080",
                    interactive=any_address,
                    min_width=240,
                )
                self.token = gr.Textbox(
                    label=tr("Access token"),
                    type="password",
                    min_width=240,
                )
            with gr.Row():
                self.push = gr.Button(tr("Push to the server"))
                self.pull = gr.Button(tr("Pull from the server"))
            self.resend = gr.Checkbox(label=tr("Also push photos that were deleted in Label Studio"))

    def wire(self, page: Page, report: Listing) -> None:
        def with_server(
            title: Callable[[], str], transfer: Callable[..., Report], *flags: gr.Checkbox
        ) -> Callable:
            @saving(page)
            def run(
                session: AnnotationSession,
                values: Values,
                progress: gr.Progress = gr.Progress(),  # noqa: B008
            ) -> Updates:
                name = project_name(session.store, session.project_id)
                chosen = [bool(values[flag]) for flag in flags]

                def transfer_project() -> list[str]:
                    url = values[self.url] if self.any_address else os.environ.get(URL_VARIABLE)
                    server = connect(url, values[self.token])
                    return transfer(session.store, name, server, show_progress(progress), *chosen).lines()

                rows, succeeded = attempt(title(), transfer_project)
                session.reload()
                token = "" if succeeded else gr.skip()
                return {report: rows, self.token: token} | page.show(session, values)

            return run

        inputs, outputs = {*page.inputs, self.url, self.token, self.resend}, [report, self.token, *page.shown]
        # Not on the report: while it is empty, it is too low for the progress bar.
        options: dict[str, Any] = {**PRIVATE, "show_progress_on": [self.url]}
        self.push.click(
            with_server(lambda: tr("Push to the server"), push, self.resend), inputs, outputs, **options
        )
        self.pull.click(with_server(lambda: tr("Pull from the server"), pull), inputs, outputs, **options)


def connect(url: str | None, token: str | None) -> Server:
    """The token of the environment is only sent to the server of the environment. Raises ServerError."""
    url, token = (url or "").strip(), (token or "").strip()
    if not url:
        raise ServerError(tr("Enter the address of the Label Studio server."))
    if not token and url.rstrip("/") != os.environ.get(URL_VARIABLE, "").rstrip("/"):
        raise ServerError(
            tr("Enter an access token of this server; Label Studio shows it on the account page.")
        )
    return Server(url, token or None)


def project_name(store: Store, project_id: int) -> str:
    return dict(store.projects())[project_id]


def show_progress(progress: gr.Progress) -> Progress:
    return lambda done, total, _: progress((done, total), desc="Label Studio", unit=tr("images"))
