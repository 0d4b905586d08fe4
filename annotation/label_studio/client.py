"""A Label Studio server, as far as push, pull and the ML backend need it. Every failure is one sentence.

The token goes into requests to this server and nowhere else: not into sentences, logs or the database.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from annotation.label_studio.tasks import CONFIG, LABEL
from annotation.region import FLAGS, AnnotationError
from spotter.images import MAX_BYTES

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TOKEN_VARIABLE = "LABEL_STUDIO_API_KEY"
URL_VARIABLE = "LABEL_STUDIO_URL"
DEFAULT_URL = "http://127.0.0.1:8080"
SECONDS = 60.0  # without an answer
MIN_TITLE, MAX_TITLE = 3, 50
PAGE = 100  # tasks asked for at once
FILE_PATHS = ("data", "storage-data")  # where a server keeps the images of its tasks
# What is created would be there twice if an answer got lost and the SDK asked again.
ONCE: Any = {"max_retries": 0}


class ServerError(AnnotationError):
    """The server is not there, refuses, or has what cannot be used; the message is one sentence."""


class ImageDownloadError(ServerError):
    """An image that is not on the configured server, and so is not fetched."""


class Server:
    """`Server("http://127.0.0.1:8080", token)`; the token may also be in LABEL_STUDIO_API_KEY."""

    def __init__(self, url: str, token: str | None = None, seconds: float = SECONDS) -> None:
        """Asks nothing of the server yet. Raises ServerError."""
        self.url, self.seconds = check_url(url), seconds
        self._token = (token or os.environ.get(TOKEN_VARIABLE, "")).strip()
        if not self._token:
            raise ServerError(f"A token is needed; put Label Studio's access token into {TOKEN_VARIABLE}.")
        if not self._token.isascii() or not self._token.isprintable() or " " in self._token:
            raise ServerError("The token holds signs that no token has; copy it again.")
        self._sdk: LabelStudio | None = None

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    @contextmanager
    def asking(self) -> Iterator[LabelStudio]:
        """The SDK's client; what goes wrong inside becomes a ServerError."""
        import httpx
        from label_studio_sdk import LabelStudio  # late: takes a second to import
        from label_studio_sdk.core.api_error import ApiError

        try:
            if self._sdk is None:
                self._sdk = LabelStudio(base_url=self.url, api_key=self._token, timeout=self.seconds)
            yield self._sdk
        except AnnotationError:
            raise
        except ApiError as error:  # `from None`: its text holds headers
            raise ServerError(self._refusal(error.status_code)) from None
        except httpx.TimeoutException:
            raise ServerError(f"{self.url} gave no answer for {self.seconds:.0f} seconds.") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise ServerError(f"{self.url} cannot be reached; is Label Studio running there?") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ServerError(f"{self.url} does not answer as Label Studio does.") from None

    def _refusal(self, status: int | None) -> str:
        if status is None or status < 400:  # an answer that the SDK cannot read
            return f"{self.url} does not answer as Label Studio does."
        if status == 401:
            return f"{self.url} does not accept the token; take one from Account & Settings there."
        if status == 403:
            return f"The token's owner may not do this at {self.url}."
        if status == 404:
            return f"{self.url} does not have what was asked for; is it Label Studio?"
        return f"{self.url} answered with the error {status}."

    # Projects

    def find_project(self, name: str) -> Any | None:
        """The project with this title, with `id`, `label_config` and `model_version`. Raises ServerError."""
        with self.asking() as sdk:
            if not isinstance(sdk.versions.get().release, str):
                raise ServerError(f"{self.url} does not answer as Label Studio does.")
            found = [project.id for project in _each(sdk.projects.list()) if project.title == name]
            if len(found) > 1:
                raise ServerError(f"{self.url} has {len(found)} projects {name!r}; rename the others.")
            return sdk.projects.get(found[0]) if found else None

    def project(self, project_id: int) -> Any:
        with self.asking() as sdk:
            return sdk.projects.get(project_id)

    def make_project(self, name: str) -> Any:
        if not MIN_TITLE <= len(name) <= MAX_TITLE:
            raise ServerError(
                f"A project there has a name of {MIN_TITLE} to {MAX_TITLE} characters, not {len(name)}."
            )
        with self.asking() as sdk:
            return sdk.projects.create(title=name, label_config=CONFIG, request_options=ONCE)

    def show_predictions_of(self, project_id: int, model_version: str) -> None:
        """Label Studio opens a task with the predictions of one version only."""
        with self.asking() as sdk:
            sdk.projects.update(project_id, model_version=model_version)

    def backend_titles(self, project_id: int) -> set[str]:
        """Of the ML backends of a project."""
        with self.asking() as sdk:
            return {str(backend.title) for backend in sdk.ml.list(project=project_id)}

    # Tasks

    def tasks(self, project: Any) -> list[dict]:
        """All tasks of a project with their annotations and predictions; none is missing."""
        with self.asking() as sdk:
            pages = sdk.tasks.list(project=project.id, page_size=PAGE)
            found = [task.dict() for task in _each(pages)]
        if len(found) < (project.task_number or 0):  # the SDK takes any page that is not there for the end
            raise ServerError(f"{self.url} gave {len(found)} of {project.task_number} tasks; try again.")
        return found

    def task(self, task_id: int) -> dict:
        with self.asking() as sdk:
            return sdk.tasks.get(str(task_id)).dict()

    def add_task(self, project_id: int, task: dict) -> None:
        with self.asking() as sdk:
            sdk.projects.import_tasks(id=project_id, request=[task], request_options=ONCE)

    def change_data(self, task_id: int, data: dict) -> None:
        with self.asking() as sdk:
            sdk.tasks.update(str(task_id), data=data)

    def add_prediction(self, task_id: int, prediction: dict) -> None:
        with self.asking() as sdk:
            sdk.predictions.create(task=task_id, request_options=ONCE, **prediction)

    def add_annotation(self, task_id: int, annotation: dict) -> None:
        with self.asking() as sdk:
            sdk.annotations.create(task_id, request_options=ONCE, **annotation)

    def change_annotation(self, annotation_id: int, annotation: dict) -> None:
        """`lead_time`, which only a person who submits has, is taken away: this state is not theirs."""
        with self.asking() as sdk:
            sdk.annotations.update(annotation_id, lead_time=None, **annotation)

    # Images

    def upload(self, project_id: int, name: str, data: bytes) -> str:
        """Puts an image there; its address for `data.image` of a task."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        with self.asking() as sdk:
            answer = self._request(  # the SDK can import tasks, but not files
                "POST",
                f"api/projects/{project_id}/import",
                params={"commit_to_project": "false"},
                files={"file": (name, data, kind)},
            )
            return f"/data/{sdk.files.get(answer.json()['file_upload_ids'][0]).file}"

    def download(self, address: str) -> bytes:
        """The image of a task: from this server or out of the address itself, from nowhere else.

        Raises ImageDownloadError, ServerError.
        """
        if address.startswith("data:"):
            return _embedded(address)
        url = urljoin(f"{self.url}/", address)
        inside = urlsplit(url).path.removeprefix(urlsplit(self.url).path).lstrip("/")
        path = inside.split("/")
        if _origin(url) != _origin(self.url) or path[0] not in FILE_PATHS or ".." in path or "\\" in url:
            raise ImageDownloadError(f"its image is not on {self.url}, and images are fetched from there only.")
        with self.asking() as sdk:
            client = sdk._client_wrapper.httpx_client.httpx_client
            headers = sdk._client_wrapper.get_headers()
            data = bytearray()
            # A redirect may lead anywhere, into the network behind this computer too.
            with client.stream(
                "GET", url, headers=headers, timeout=self.seconds, follow_redirects=False
            ) as answer:
                if answer.is_redirect:
                    raise ImageDownloadError(f"{self.url} keeps its image at another server.")
                if answer.status_code != 200:
                    raise ImageDownloadError(f"{self.url} does not give its image (error {answer.status_code}).")
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > MAX_BYTES:
                        raise ImageDownloadError(f"its image is larger than {MAX_BYTES // 2**20} MB.")
            return bytes(data)

    def _request(self, method: str, path: str, **options: Any) -> Any:
        """What the SDK has no name for, with its token and its address."""
        from label_studio_sdk.core.api_error import ApiError

        transport = self._sdk._client_wrapper.httpx_client
        answer = transport.request(path, method=method, request_options=ONCE, **options)
        if answer.status_code >= 400:
            raise ApiError(status_code=answer.status_code)
        return answer


def check_url(url: str) -> str:
    """The address without a slash at its end. Raises ServerError."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or any(sign.isspace() for sign in url.strip()):
        raise ServerError(
            "The server's address cannot be used; expected something like http://127.0.0.1:8080."
        )
    if parts.username or parts.password:
        raise ServerError(f"The server's address must not hold a login; put the token into {TOKEN_VARIABLE}.")
    return url.strip().rstrip("/")


def is_ours(config: object) -> bool:
    """Whether a labelling configuration has our controls, under our names; others beside them do no harm."""
    controls = _controls(config)
    return (
        controls.get(("Image", "image")) == {"$image"}
        and LABEL in controls.get(("PolygonLabels", "label"), ())
        and ("TextArea", "transcription") in controls
        and set(FLAGS) <= controls.get(("Choices", "flags"), set())
    )


def has_words(config: object) -> bool:
    """Whether regions and their texts can be read from annotations of this configuration."""
    kinds = {kind for kind, _ in _controls(config)}
    return "TextArea" in kinds and bool(kinds & {"PolygonLabels", "Polygon", "RectangleLabels", "Rectangle"})


def _controls(config: object) -> dict[tuple[str, str], set[str]]:
    """(tag, name) -> its labels or choices, or what an image shows. {} when it cannot be read."""
    try:
        root = ElementTree.fromstring(str(config))
    except ElementTree.ParseError:
        return {}
    found = {}
    for tag in root.iter():
        if name := tag.get("name"):
            values = {child.get("value", "") for child in tag.iter() if child is not tag}
            found[tag.tag, name] = {tag.get("value", "")} if tag.tag == "Image" else values
    return found


def _each(pages: Iterable[Any]) -> Iterator[Any]:
    """Every item once: the SDK asks for more pages until there is none, and a server may repeat the last."""
    seen = set()
    for item in pages:
        if item.id in seen:
            return
        seen.add(item.id)
        yield item


def _origin(url: str) -> tuple:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _embedded(address: str) -> bytes:
    """The bytes of a data: address."""
    head, _, body = address.partition(",")
    if len(body) > 2 * MAX_BYTES:
        raise ImageDownloadError(f"its image is larger than {MAX_BYTES // 2**20} MB.")
    try:
        return base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise ImageDownloadError("its image is no valid data.") from error
