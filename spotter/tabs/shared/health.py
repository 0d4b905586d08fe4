"""`/health` for whatever watches over the app, and `/version`; both without a login."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from spotter.program import VERSION
from spotter.tabs.shared.loading import Loader
from spotter.words_json import model_entry

UNAVAILABLE = 503


def health_routes(loader: Loader, reach_database: Callable[[], None]) -> list[Route]:
    """`reach_database` raises an error if the database does not answer.

    The spotter is loaded when the first page is opened, in some seconds; `spotter_loaded` is false before.
    """

    async def health(request: Request) -> JSONResponse:
        try:
            await asyncio.to_thread(reach_database)
        except Exception:  # of any driver; its text may hold the address and user of the database
            return JSONResponse({"status": "the database does not answer"}, UNAVAILABLE)
        return JSONResponse({"status": "ok", "spotter_loaded": loader.is_loaded()})

    async def version(request: Request) -> JSONResponse:
        return JSONResponse({"version": VERSION, "model": model_entry(loader.card())})

    return [Route("/health", health), Route("/version", version)]
