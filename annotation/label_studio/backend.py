"""Our spotter as an ML backend of Label Studio: /health, /setup, /predict, /webhook and /versions.

Whoever reaches the port can send anything. So sizes and numbers are limited, images come from our store or
the configured server alone, and a webhook is believed one thing only, that something may be new: what it is,
the server itself is asked. (Label Studio calls webhooks without the login it uses for the rest.)
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

import uvicorn
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from annotation.label_studio.client import Server, is_ours
from annotation.label_studio.tasks import to_results
from annotation.label_studio.webhook_worker import WebhookWorker
from annotation.region import SHA256, AnnotationError, Region, mean_score
from annotation.store.predictions import model_version
from annotation.store.projects import words_as_regions
from annotation.store.records import image_record
from annotation.store.store import Store
from annotation.store.tables import ImageRow
from spotter.images import ImageError, read_image

if TYPE_CHECKING:
    from spotter.predictor import Spotter

MAX_BODY = 32 * 2**20  # bytes of a request: a thousand tasks, or the annotation of a crowded image
MAX_TASKS = 1000  # of a request
SECONDS = 80.0  # for the tasks of one request; Label Studio waits for 100
MAX_CONNECTIONS = 64
FOREIGN = "The labelling configuration is not the one that `python -m annotation push` makes."
TASK_ACTIONS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")

log = logging.getLogger(__name__)


class TaskPredictor:
    """Finds the words on the images of tasks."""

    def __init__(self, store: Store, spotter: Spotter, server: Server) -> None:
        self.store, self.spotter, self.server = store, spotter, server
        self.version = model_version(spotter.card)
        self._lock = Lock()  # one image at a time has the processor

    def predict(self, tasks: list[dict]) -> list[dict | list]:
        """One prediction a task; [], which stores none, where the image cannot be had or time is up."""
        end = time.monotonic() + SECONDS
        found: list[dict | list] = []
        for task in tasks:
            if time.monotonic() > end:
                log.warning("%d of %d tasks took all the time; ask for the rest.", len(found), len(tasks))
                return found + [[]] * (len(tasks) - len(found))
            try:
                found.append(self._prediction(task["data"]))
            except (AnnotationError, ImageError) as error:
                log.warning("Task %s has no prediction: %s", _number(task.get("id")), error)
                found.append([])
        return found

    def _prediction(self, data: dict) -> dict:
        regions, width, height = self._regions(data)
        return {
            "result": to_results(regions, width, height, scores=True),
            "score": mean_score([region.score for region in regions]),
            "model_version": self.version,
        }

    def _regions(self, data: dict) -> tuple[list[Region], int, int]:
        """With the width and height of the upright image in pixels. Raises AnnotationError, ImageError."""
        if (image := self._known(data.get("sha256"))) is not None:
            for prediction in self.store.predictions(image.id):
                if prediction.model_version == self.version:
                    return prediction.regions, image.width, image.height
            source = self.store.images.path(image.sha256, image.extension).read_bytes()
        else:
            source = self.server.download(data.get("image") or data["ocr"])
            image = ImageRow(sha256=hashlib.sha256(source).hexdigest())
        with self._lock:
            pixels = read_image(source)
            image.height, image.width = pixels.shape[:2]
            words = self.spotter.spot(pixels)
        return words_as_regions(words, image, self.version), image.width, image.height

    def _known(self, sha256: object) -> ImageRow | None:
        """The image with this hash, of whatever project."""
        if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
            return None
        with self.store.read() as session:
            image = session.scalar(select(ImageRow).where(ImageRow.sha256 == sha256).limit(1))
            there = image is not None and self.store.image_path(image_record(image)).is_file()
            session.expunge_all()
        return image if there else None


def build(annotator: TaskPredictor, collector: WebhookWorker, token: str = "") -> Starlette:
    """`token`: what Label Studio must send as the password of its basic authentication; "": nothing."""

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "UP", "model_class": "SwinTextSpotter"})

    async def setup(request: Request) -> JSONResponse:
        _check_login(request, token)
        if not is_ours((await _body(request)).get("schema")):
            raise HTTPException(400, FOREIGN)
        return JSONResponse({"model_version": annotator.version})

    async def versions(request: Request) -> JSONResponse:
        _check_login(request, token)
        return JSONResponse({"versions": [annotator.version]})

    async def predict(request: Request) -> JSONResponse:
        _check_login(request, token)
        body = await _body(request)
        tasks = body.get("tasks")
        if not isinstance(tasks, list) or not all(map(_is_task, tasks)):
            raise HTTPException(400, "The tasks must be a list of objects with data and an image in it.")
        if len(tasks) > MAX_TASKS:
            raise HTTPException(413, f"There are {len(tasks)} tasks; at most {MAX_TASKS} are taken.")
        if not is_ours(body.get("label_config")):
            raise HTTPException(400, FOREIGN)
        results = await asyncio.to_thread(annotator.predict, tasks)
        return JSONResponse({"results": results, "model_version": annotator.version})

    async def webhook(request: Request) -> JSONResponse:
        named = _named(await _body(request))
        if not all([collector.add(*one) for one in named]):
            raise HTTPException(503, "Too many corrections wait; a pull brings those that were left out.")
        return JSONResponse({"status": "queued" if named else "ignored"})

    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        collector.start()
        yield
        await asyncio.to_thread(collector.stop)

    routes = [
        Route("/health", health),
        Route("/setup", setup, methods=["POST"]),
        Route("/predict", predict, methods=["POST"]),
        Route("/webhook", webhook, methods=["POST"]),
        Route("/versions", versions, methods=["GET", "POST"]),
    ]
    return Starlette(
        routes=routes, lifespan=run, exception_handlers={HTTPException: _refuse, Exception: _fail}
    )


def serve(app: Starlette, host: str, port: int) -> None:
    """Until the process is told to end. Raises AnnotationError when the port is taken."""
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except (OSError, OverflowError) as error:
        raise AnnotationError(
            f"Port {port} of {host} cannot be used; choose another one (--port)."
        ) from error
    with listener:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            limit_concurrency=MAX_CONNECTIONS,
            server_header=False,
            log_config=None,
        )
        with suppress(KeyboardInterrupt):  # uvicorn hands it on when all is closed
            uvicorn.Server(config).run(sockets=[listener])


async def _body(request: Request) -> dict:
    """The JSON object of a request. A page in a browser cannot send this type without asking first."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The request must be application/json.")
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BODY:
                raise HTTPException(413, f"The request is larger than {MAX_BODY // 2**20} MB.")
        body = json.loads(data)
    except (ValueError, RecursionError, ClientDisconnect) as error:
        raise HTTPException(400, "The request is not valid JSON.") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "The request must be a JSON object.")
    return body


def _check_login(request: Request, token: str) -> None:
    """Label Studio sends a user name too; any will do."""
    if not token:
        return
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        if kind.lower() == "basic":
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        given = ""
    if kind.lower() not in ("basic", "bearer") or not hmac.compare_digest(given.encode(), token.encode()):
        raise HTTPException(401, "The password is wrong.", {"WWW-Authenticate": "Basic"})


def _is_task(task: object) -> bool:
    data = task.get("data") if isinstance(task, dict) else None
    return isinstance(data, dict) and isinstance(data.get("image") or data.get("ocr"), str)


def _named(body: dict) -> list[tuple[str, int]]:
    """What a webhook's message says may be new, as the collector takes it."""
    project, action = body.get("project"), body.get("action")
    if action == "START_TRAINING":
        number = _number(project.get("id")) if isinstance(project, dict) else None
        return [] if number is None else [("project", number)]
    if action not in TASK_ACTIONS:
        return []
    said = body.get("annotation")
    parts = [part for part in (said if isinstance(said, list) else [said]) if isinstance(part, dict)]
    numbers = [_number(part.get("task")) for part in parts]
    return [("task", number) for number in dict.fromkeys(numbers) if number is not None]


def _number(value: object) -> int | None:
    """An id; SQLite's and PostgreSQL's have at most 64 bits."""
    return value if type(value) is int and 0 < value < 2**63 else None


async def _refuse(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _fail(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"The request could not be answered ({type(error).__name__})."}, 500)
