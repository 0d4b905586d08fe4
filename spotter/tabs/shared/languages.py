"""A page per language: the English one at the app's address, the others below it, such as /ko.

Each is built in its language, and what its events answer is in it too. The address may ask for one
(`?lang=ko`); otherwise the language that the browser prefers is taken.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
from gradio.block_function import BlockFunction
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotter.language import ENGLISH, LANGUAGES, catalogue, current_language, speaking, tr
from spotter.tabs.shared.careful_blocks import CarefulBlocks
from spotter.tabs.shared.gradio_texts import gradio_labels

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


class LanguagePages(CarefulBlocks):
    """Blocks with a page per language; the path of a page is the language, that of the English one is ""."""

    async def process_api(self, block_fn: BlockFunction | int, *args: Any, **kwargs: Any) -> dict[str, Any]:
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        with speaking(function.page or ENGLISH):
            try:
                return await super().process_api(block_fn, *args, **kwargs)
            except gr.Error as error:
                if error.title == "Error":  # Gradio's own
                    error.title = tr("Error")
                raise


def language_links() -> str:
    """HTML: the names of the languages; each leads to what is open, in that language."""
    links = []
    for language, name in LANGUAGES.items():
        here = ' aria-current="true"' if language == current_language() else ""
        links.append(
            f'<a href="./?lang={language}" data-language="{language}" lang="{language}"{here}>{name}</a>'
        )
    return f'<nav class="languages" aria-label="{escape(tr("Language"))}">{" ".join(links)}</nav>'


def language_script(language: str) -> bytes:
    """The element that a page in this language begins with."""
    with speaking(language):
        labels = {} if language == ENGLISH else gradio_labels()
    script = SCRIPT
    for name, value in (
        ("language", language),
        ("texts", catalogue(language, "scripts")),
        ("labels", labels),
    ):
        text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
        script = script.replace(f'"{{{name}}}"', text)
    return f"<script>{script}</script>".encode()


def choose_language(root_path: str = "") -> Middleware:
    """Middleware that leads to the page of a language and puts its script into it, before those of Gradio,
    which take the language of their own texts when they start. root_path: prefix of the addresses behind a
    proxy.
    """
    return Middleware(LanguageChooser, root_path=root_path)


class LanguageChooser:
    """ASGI middleware, see `choose_language`."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root = app, root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = ENGLISH
        if scope["type"] == "http":
            page = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
            language = page or ENGLISH
            if language not in LANGUAGES:
                language = asking_page(Headers(scope=scope).get("referer", ""))
            elif scope["method"] in ("GET", "HEAD"):
                query = scope["query_string"].decode("latin-1")
                asked = parse_qs(query).get("lang", [""])[-1]
                if asked not in LANGUAGES:
                    header = Headers(scope=scope).get("accept-language", "")
                    asked = language if page else preferred_language(header)
                if asked != language:
                    path = "" if asked == ENGLISH else asked
                    response = RedirectResponse(f"{self.root}/{path}" + (f"?{query}" if query else ""), 307)
                    response.headers.update({"Cache-Control": "no-store", "Vary": "Accept-Language"})
                    await response(scope, receive, send)
                    return
                send = beginning_with(language_script(language), send)
        with speaking(language):
            await self.app(scope, receive, send)


def asking_page(referer: str) -> str:
    """The language of the page that sends a request."""
    last = referer.partition("?")[0].rstrip("/").rpartition("/")[2]
    return last if last in LANGUAGES else ENGLISH


def beginning_with(element: bytes, send: Send) -> Send:
    """Like `send`, with the element as the first one in the head of an HTML page."""
    start: Message | None = None

    async def send_page(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message  # it tells the length, so that it waits for the text
            return
        if start is not None:
            body = message.get("body", b"")
            message = {**message, "body": body.replace(b"<head>", b"<head>" + element, 1)}
            headers = MutableHeaders(scope=start)
            if "content-length" in headers:
                longer = len(message["body"]) - len(body)
                headers["content-length"] = str(int(headers["content-length"]) + longer)
            await send(start)
            start = None
        await send(message)

    return send_page


def preferred_language(accept: str) -> str:
    """The language among LANGUAGES that a header Accept-Language prefers; English if it names none."""
    best, best_weight = ENGLISH, 0.0
    for choice in accept.split(","):
        tag, _, weight = choice.partition(";")
        language = tag.strip().lower().split("-")[0]
        try:
            value = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and value > best_weight:
            best, best_weight = language, value
    return best
