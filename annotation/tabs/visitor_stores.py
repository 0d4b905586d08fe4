"""A store of their own for each visitor of a demo, which is deleted after a day or when the visitor wants it.

Nobody can see another's photos: they are in other databases. A cookie tells visitors apart; those who have
signed in with Hugging Face are known by that, and their stores may be kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock, Thread
from typing import Any

from gradio.context import LocalContext
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotation.region import AnnotationError
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from spotter.images import ImageError
from spotter.language import tr
from spotter.tabs.shared.hugging_face import user_info

COOKIE = "visitor"
KEY = re.compile(r"[0-9a-f]{32}")
DAY = 24 * 3600  # seconds
IDLE_SECONDS = 600  # after which a database is closed
SWEEP_SECONDS = 600
MAX_VISITORS = 1000  # at once
MAX_PHOTOS = 200  # of a visitor
CREATED = "created"  # name of an empty file, as old as the store


@dataclass
class _Open:
    store: Store
    used: float = field(default_factory=time.monotonic)


class VisitorStores:
    """Stands for the store of the visitor whose request is being answered, and has all its attributes."""

    def __init__(self, folder: Path, kept: Path | None = None, signs_in: bool = False) -> None:
        """Both are for the owner of the app alone. kept: of the people who have signed in, whose stores do
        not end; None: theirs end like the others. signs_in: visitors can.
        """
        self._folder, self._kept, self.signs_in = folder, kept, signs_in
        self._open: dict[Path, _Open] = {}
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current(), name)

    def current(self) -> Store:
        """The store of the visitor whose request is being answered. Raises AnnotationError."""
        place = self._place()
        with self._lock:
            if place.is_dir() and self._has_ended(place):
                self._delete(place)
            if place not in self._open:
                self._bring_along(place)
                self._open[place] = _Open(self._make(place))
            self._open[place].used = time.monotonic()
            return self._open[place].store

    def keeps(self) -> bool | None:
        """Whether the store of the visitor whose request is being answered does not end; None: it would not
        if the visitor signed in.
        """
        is_kept = self._place().parent == self._kept
        return None if self._kept and not is_kept else is_kept

    def _place(self) -> Path:
        """The folder of the visitor; its name tells neither the cookie nor the person."""
        user = user_info(LocalContext.request.get(None))
        return (self._kept or self._folder) / _hash(f"person {user['sub']}") if user else self._before()

    def _before(self) -> Path:
        """The folder of the visitor, as of somebody who has not signed in. Raises AnnotationError."""
        request = LocalContext.request.get(None)
        if request is None:
            raise AnnotationError(tr("Nobody has asked for this."))
        cookie = request.cookies.get(COOKIE, "")
        # Without a cookie, the photos last as long as the page is open.
        return self._folder / _hash(cookie if KEY.fullmatch(cookie) else f"page {request.session_hash}")

    def _bring_along(self, place: Path) -> None:
        """What somebody who signs in for the first time has added before."""
        before = self._before()
        if before != place and before.is_dir() and not place.is_dir() and not self._has_ended(before):
            if before in self._open:
                self._open.pop(before).store.close()
            shutil.move(before, place)

    def _has_ended(self, place: Path) -> bool:
        return place.parent != self._kept and _age(place) > DAY

    def _make(self, place: Path) -> Store:
        if not place.is_dir():
            if sum(1 for _ in place.parent.iterdir()) >= MAX_VISITORS:
                raise AnnotationError(
                    tr("Too many people are trying this page now; come back in a few hours.")
                )
            place.mkdir(mode=0o700)
            (place / CREATED).touch()
        return Store(f"sqlite:///{place}/annotation.db")

    def add_image(
        self, project_id: int, source: str | Path | bytes, name: str = "", who: str = ""
    ) -> tuple[ImageRecord, bool]:
        """As `Store.add_image`, up to a number of photos. Raises ImageError."""
        store = self.current()
        if sum(store.image_count(number) for number, _ in store.projects()) >= MAX_PHOTOS:
            raise ImageError(
                tr(
                    "You can try this page with {max_photos} photos; delete some of them first.",
                    max_photos=MAX_PHOTOS,
                )
            )
        return store.add_image(project_id, source, name, who)

    def image_size(self, image_id: int) -> tuple[int, int] | None:
        """As `Store.image_size`, but Gradio asks for it when nobody's request is being answered: the largest
        of all visitors' photos with this id. It only limits what a page sends.
        """
        with self._lock:
            stores = [opened.store for opened in self._open.values()]
        found = [size for store in stores if (size := store.image_size(image_id)) is not None]
        return (max(width for width, _ in found), max(height for _, height in found)) if found else None

    def forget(self) -> None:
        """Deletes everything of the visitor whose request is being answered."""
        with self._lock:
            self._delete(self._place())

    def check(self) -> None:
        """Raises OSError if a folder of stores is gone."""
        for folder in filter(None, (self._folder, self._kept)):
            folder.stat()

    def sweep(self) -> None:
        """Deletes the stores whose time has ended, and closes those that are not in use."""
        with self._lock:
            for place in list(self._folder.iterdir()):
                if _age(place) > DAY:
                    self._delete(place)
            for place, opened in list(self._open.items()):
                if time.monotonic() - opened.used > IDLE_SECONDS:
                    self._open.pop(place).store.close()

    def _delete(self, place: Path) -> None:
        if place in self._open:
            self._open.pop(place).store.close()
        shutil.rmtree(place, ignore_errors=True)

    def sweep_regularly(self) -> Thread:
        """In the background, until the app ends."""

        def run() -> None:
            while True:
                with suppress(OSError):
                    self.sweep()
                time.sleep(SWEEP_SECONDS)

        thread = Thread(target=run, name="sweep-visitors", daemon=True)
        thread.start()
        return thread


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _age(place: Path) -> float:
    """Seconds; without end if it is no store."""
    try:
        return time.time() - (place / CREATED).stat().st_mtime
    except OSError:
        return float("inf")


def store_of_visitor(store: Store) -> Store:
    """The store itself, for a thread that answers no request."""
    return store.current() if isinstance(store, VisitorStores) else store


def tell_visitors_apart(in_frames: bool) -> Middleware:
    """Sets the cookie. `in_frames`: also in a page that another website shows, which needs https."""
    return Middleware(VisitorCookie, in_frames=in_frames)


class VisitorCookie:
    """ASGI middleware, see `tell_visitors_apart`."""

    def __init__(self, app: ASGIApp, in_frames: bool) -> None:
        self.app = app
        self.kind = "SameSite=None; Secure; Partitioned" if in_frames else "SameSite=Lax"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_one = scope["type"] != "http" or f"{COOKIE}=" in Headers(scope=scope).get("cookie", "")
        is_page = scope.get("path", "").rstrip("/") == scope.get("root_path", "").rstrip("/")
        await self.app(scope, receive, send if has_one or not is_page else self._with_cookie(send))

    def _with_cookie(self, send: Send) -> Send:
        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{COOKIE}={secrets.token_hex(16)}; Path=/; Max-Age={DAY}; HttpOnly; {self.kind}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return send_with_cookie
