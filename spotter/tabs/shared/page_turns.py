"""Pages are made one after another.

Gradio makes a page in a thread, a tenth of a second of nothing but Python. When a class opens it at once,
twenty such threads would leave the one that saves edits a twentieth of the time.
"""

from __future__ import annotations

import asyncio

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotter.language import LANGUAGES


def make_pages_in_turn() -> Middleware:
    """Middleware for the app."""
    return Middleware(PageTurns)


class PageTurns:
    """ASGI middleware, see `make_pages_in_turn`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.turn = app, asyncio.Semaphore()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_page(scope):
            await self.app(scope, receive, send)
            return
        is_made = False

        def end_turn() -> None:
            nonlocal is_made
            if not is_made:
                is_made = True
                self.turn.release()

        async def send_made(message: Message) -> None:
            end_turn()  # before it is sent: others do not wait for a slow connection
            await send(message)

        await self.turn.acquire()
        try:
            await self.app(scope, receive, send_made)
        finally:
            end_turn()


def is_page(scope: Scope) -> bool:
    """Whether an ASGI scope asks for the page of a language."""
    if scope["type"] != "http":
        return False
    page = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
    return not page or page in LANGUAGES
