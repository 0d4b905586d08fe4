"""The spotter as an ML backend of Label Studio: /health, /setup, /predict, /webhook and /versions.

All requests are untrusted. Sizes and numbers are limited, images come only from our store or the configured
server, and a webhook is only a hint that something is new: the content is requested from the server. (Label
Studio sends webhooks without the login that it uses otherwise.)
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from annotation.label_studio.client import Server
from annotation.label_studio.export_tasks import to_results
from annotation.label_studio.labelling_config import has_our_controls
from annotation.label_studio.task_images import describe_missing_image, image_url
from annotation.label_studio.webhook_worker import Job, WebhookWorker
from annotation.region import AnnotationError, Region, mean_score, regions_from_words
from annotation.store.predictions import model_version
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from spotter.images import ImageError, read_image

if TYPE_CHECKING:
    from spotter.predictor import Spotter

MAX_BODY = 32 * 2**20  # bytes per request: a thousand tasks, or the annotation of a crowded image
MAX_TASKS = 1000  # per request
SECRET_HEADER = "X-Webhook-Secret"
PREDICT_SECONDS = 80.0  # per request; Label Studio waits for 100
BODY_SECONDS = 60.0  # in which the whole body must come
WRONG_CONFIG = "The labelling configuration is not the one that `python -m annotation push` creates."
TASK_ACTIONS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED")

log = logging.getLogger(__name__)


class TaskPredictor:
    """Predicts the words on the images of tasks."""

    def __init__(self, store: Store, spotter: Callable[[], Spotter], server: Server) -> None:
        """`spotter`: returns the one to read with, which may change."""
        self.store, self.spotter, self.server = store, spotter, server
        self._lock = Lock()  # the model processes one image at a time

    @property
    def version(self) -> str:
        """The current model version."""
        return model_version(self.spotter().card)

    def predict(self, tasks: list[dict]) -> list[dict | list]:
        """One prediction per task; [] (none) if its image is unavailable or the time is up."""
        end = time.monotonic() + PREDICT_SECONDS
        found: list[dict | list] = []
        for task in tasks:
            number = _number(task.get("id")) if isinstance(task, dict) else None
            if time.monotonic() > end:
                log.warning(
                    "Only %d of %d tasks were predicted in time; request the others again.",
                    len(found),
                    len(tasks),
                )
                return found + [[]] * (len(tasks) - len(found))
            try:
                found.append(self._predict(task))
            except (AnnotationError, ImageError) as error:
                log.warning("Task %s has no prediction: %s", number, error)
                found.append([])
            except Exception as error:  # the other tasks still get theirs
                log.error("Task %s has no prediction (%s).", number, type(error).__name__)
                found.append([])
        return found

    def _predict(self, task: dict) -> dict:
        if image_url(task) is None:
            raise AnnotationError(describe_missing_image(task))
        spotter = self.spotter()
        version = model_version(spotter.card)
        regions, width, height = self._regions(task, spotter, version)
        return {
            "result": to_results(regions, width, height, scores=True),
            "score": mean_score([region.score for region in regions]),
            "model_version": version,
        }

    def _regions(self, task: dict, spotter: Spotter, version: str) -> tuple[list[Region], int, int]:
        """Regions, width and height of the upright image in pixels. Raises AnnotationError, ImageError."""
        if (image := self._stored_image(task["data"].get("sha256"))) is not None:
            for prediction in self.store.predictions(image.id):
                if prediction.model_version == version:
                    return prediction.regions, image.width, image.height
            source = self.store.image_path(image).read_bytes()
            sha256 = image.sha256
        else:
            source = self.server.download(image_url(task) or "")
            sha256 = hashlib.sha256(source).hexdigest()
        with self._lock:
            pixels = read_image(source)
            words = spotter.spot(pixels)
        height, width = pixels.shape[:2]
        return regions_from_words(words, sha256, width, height, version), width, height

    def _stored_image(self, sha256: object) -> ImageRecord | None:
        """The image with this hash in any project, if its file exists."""
        image = self.store.find_image(sha256) if isinstance(sha256, str) else None
        return image if image is not None and self.store.image_path(image).is_file() else None


def build_app(
    predictor: TaskPredictor, worker: WebhookWorker, password: str = "", secret: str = ""
) -> Starlette:
    """`password`: that Label Studio must send with basic authentication; `secret`: that a webhook must have
    in its header X-Webhook-Secret. "": none is needed.
    """

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "UP", "model_class": "SwinTextSpotter"})

    async def setup(request: Request) -> JSONResponse:
        _check_login(request, password)
        if not has_our_controls((await _body(request)).get("schema")):
            raise HTTPException(400, WRONG_CONFIG)
        return JSONResponse({"model_version": predictor.version})

    async def versions(request: Request) -> JSONResponse:
        _check_login(request, password)
        return JSONResponse({"versions": [predictor.version]})

    async def predict(request: Request) -> JSONResponse:
        _check_login(request, password)
        body = await _body(request)
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise HTTPException(400, "The tasks must be a list.")
        if len(tasks) > MAX_TASKS:
            raise HTTPException(413, f"There are {len(tasks)} tasks; at most {MAX_TASKS} are allowed.")
        if not has_our_controls(body.get("label_config")):
            raise HTTPException(400, WRONG_CONFIG)
        results = await asyncio.to_thread(predictor.predict, tasks)
        return JSONResponse({"results": results, "model_version": predictor.version})

    async def webhook(request: Request) -> JSONResponse:
        given = request.headers.get(SECRET_HEADER, "")
        if secret and not hmac.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(401, f"The header {SECRET_HEADER} of the webhook is wrong.")
        jobs = _announced_jobs(await _body(request))
        if not all([worker.add(*job) for job in jobs]):
            raise HTTPException(
                503, "The queue of corrections is full; a pull imports those that were refused."
            )
        return JSONResponse({"status": "queued" if jobs else "ignored"})

    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        worker.start()
        yield
        await asyncio.to_thread(worker.stop)

    routes = [
        Route("/health", health),
        Route("/setup", setup, methods=["POST"]),
        Route("/predict", predict, methods=["POST"]),
        Route("/webhook", webhook, methods=["POST"]),
        Route("/versions", versions, methods=["GET", "POST"]),
    ]
    # Starlette passes a handler only the type that it is registered for, which its type hints do not say.
    handlers: dict[Any, Any] = {HTTPException: _http_error, Exception: _unexpected_error}
    return Starlette(routes=routes, lifespan=run, exception_handlers=handlers)


async def _body(request: Request) -> dict:
    """The JSON object of a request. Raises HTTPException.

    Requiring the JSON type keeps other sites' pages out: a browser sends it only with permission (CORS).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The request must be application/json.")
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BODY:
                    raise HTTPException(413, f"The request is larger than {MAX_BODY // 2**20} MB.")
        body = json.loads(data)
    except TimeoutError as error:
        raise HTTPException(408, f"The request did not arrive within {BODY_SECONDS:.0f} seconds.") from error
    except (ValueError, RecursionError, ClientDisconnect) as error:
        raise HTTPException(400, "The request is not valid JSON.") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "The request must be a JSON object.")
    return body


def _check_login(request: Request, password: str) -> None:
    """Any user name is accepted. Raises HTTPException."""
    if not password:
        return
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        if kind.lower() == "basic":
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        given = ""
    if kind.lower() not in ("basic", "bearer") or not hmac.compare_digest(given.encode(), password.encode()):
        raise HTTPException(401, "The password is wrong.", {"WWW-Authenticate": "Basic"})


def _announced_jobs(body: dict) -> list[Job]:
    """The tasks or the project that a webhook announces as changed."""
    project, action = body.get("project"), body.get("action")
    if action == "START_TRAINING":
        number = _number(project.get("id")) if isinstance(project, dict) else None
        return [] if number is None else [("project", number)]
    if action not in TASK_ACTIONS:
        return []
    given = body.get("annotation")
    annotations = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, dict)]
    numbers = [_number(annotation.get("task")) for annotation in annotations]
    return [("task", number) for number in dict.fromkeys(numbers) if number is not None]


def _number(value: object) -> int | None:
    """A valid id (at most 64 bits, as in a database), or None."""
    return value if type(value) is int and 0 < value < 2**63 else None


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _unexpected_error(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"The request could not be answered ({type(error).__name__})."}, 500)
