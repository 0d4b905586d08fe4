"""Limits of what visitors send: of all that is uploaded, of what one address uploads, of other requests."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from spotter.language import tr
from spotter.tabs.shared.temporary_files import size
from spotter.tabs.shared.visitor import network_of

MAX_FOLDER = 16 * 2**30  # bytes of all temporary files
MIN_FREE = 2**30  # bytes of the disk that stay free
PER_ADDRESS = 4 * 2**30  # bytes of uploads per hour
HOUR = 3600.0  # seconds
MAX_BODY = 32 * 2**20  # bytes of any other request: the editor's largest value has 7 MB
MEASURED_SECONDS = 10.0  # for which the size of the folders is remembered
# Addresses of Gradio that the page does not need: each request would write the state of a page to the disk,
# run ffmpeg on a stranger's video, or stay open for ever.
CLOSED = ("/deep_link", "/process_recording", "/dev/reload")
LOCAL = ("127.0.0.1", "::/64", "")  # ::1, whose network this is


def limit_uploads(*folders: Path) -> Middleware:
    """`folders`: of temporary files."""
    return Middleware(UploadLimits, folders=folders)


class UploadLimits:
    """ASGI middleware, see the module."""

    def __init__(
        self, app: ASGIApp, folders: Sequence[Path], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self.folders, self.clock = app, folders, clock
        self._measured = (float("-inf"), 0)  # when, and the size of the folders
        self._recent: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)  # uploads by address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/").endswith(CLOSED):
            await PlainTextResponse("This is not offered here.", 404)(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        refused = (411, tr("The length of the request is missing."))
        if length.isdecimal():
            is_upload = scope["path"].rstrip("/").endswith("/upload")
            refused = self._refuse_upload(scope, int(length)) if is_upload else refuse_body(int(length))
        elif "chunked" not in Headers(scope=scope).get("transfer-encoding", ""):  # it has no body
            refused = (0, "")
        if refused[0]:
            await PlainTextResponse(refused[1], refused[0])(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refuse_upload(self, scope: Scope, length: int) -> tuple[int, str]:
        """Status and sentence; (0, "") if it is taken."""
        now, address = self.clock(), network_of(HTTPConnection(scope))
        if now - self._measured[0] > MEASURED_SECONDS:
            self._measured = now, sum(map(size, self.folders))
            for known in list(self._recent):  # of those who have left
                self._forget(known, now)
        in_folder = self._measured[1] + length
        free = min(shutil.disk_usage(folder).free for folder in self.folders)
        if in_folder > MAX_FOLDER or free - length < MIN_FREE:
            return 507, tr("There is no room for more uploads now; try again tomorrow.")
        self._forget(address, now)
        sent = sum(count for _, count in self._recent.get(address, ()))
        if address not in LOCAL and sent + length > PER_ADDRESS:
            return 429, tr(
                "Your address has sent {size} GB within an hour; try again later.", size=PER_ADDRESS // 2**30
            )
        self._recent[address].append((now, length))
        self._measured = self._measured[0], in_folder
        return 0, ""

    def _forget(self, address: str, now: float) -> None:
        """The uploads of more than an hour ago."""
        recent = self._recent[address]
        while recent and now - recent[0][0] > HOUR:
            recent.popleft()
        if not recent:
            del self._recent[address]


def refuse_body(length: int) -> tuple[int, str]:
    """Status and sentence for a request that is no upload; (0, "") if it is taken."""
    if length > MAX_BODY:
        return 413, tr("The request is larger than {size} MB.", size=MAX_BODY // 2**20)
    return 0, ""
