"""IBM Plex Sans KR, for the Hangul on every page; a browser loads it once a page shows some."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from spotter.resources import ASSETS

HANGUL = "IBM Plex Sans KR"
FILES = {400: "IBMPlexSansKR-Regular.woff2", 700: "IBMPlexSansKR-Bold.woff2"}  # by weight; of assets/fonts
# Letters, their parts, and the punctuation and wide forms that stand among them.
RANGE = "U+1100-11FF, U+3000-303F, U+3130-318F, U+A960-A97F, U+AC00-D7FF, U+FF00-FFEF"


async def send_font(request: Request) -> FileResponse:
    file = request.path_params["file"]
    if file not in FILES.values():
        raise HTTPException(404)
    return FileResponse(ASSETS / "fonts" / file, headers={"Cache-Control": "max-age=86400"})


def font_routes() -> list[Route]:
    """Not Starlette's StaticFiles, which finds nothing behind a proxy that removes --root-path."""
    return [Route("/fonts/{file}", send_font)]


def font_faces() -> str:
    """CSS for the head of every page."""
    return "".join(
        f'@font-face {{ font-family: "{HANGUL}"; font-weight: {weight}; font-display: swap; '
        f'src: url("./fonts/{file}") format("woff2"); unicode-range: {RANGE}; }}'
        for weight, file in FILES.items()
    )
