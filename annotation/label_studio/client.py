"""A client for Label Studio, as far as push, pull and the ML backend need it.

The token is sent to this server only and appears nowhere else: not in messages, logs or the database.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from annotation.label_studio.labelling_config import CONFIG
from annotation.label_studio.task_images import decode_data_url
from annotation.region import AnnotationError
from spotter.images import MAX_BYTES
from spotter.language import tr

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TOKEN_VARIABLE = "LABEL_STUDIO_API_KEY"
URL_VARIABLE = "LABEL_STUDIO_URL"
DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT = 60.0  # seconds
MIN_TITLE, MAX_TITLE = 3, 50  # characters, as Label Studio has it
PAGE_SIZE = 100  # tasks per request
FILE_PATHS = ("data", "storage-data")  # first part of the paths of images on a server
NOT_INSTALLED = (
    "Label Studio's SDK is not installed; run: pip install 'swintextspotter-opened-up[label-studio]'"
)
REDIRECTS = (301, 302, 303, 307, 308)
# If a response got lost, a repeated request would create an object twice.
NO_RETRIES: Any = {"max_retries": 0}


class ServerError(AnnotationError):
    """The server cannot be reached, refuses, or answers unexpectedly; the message is one sentence."""


class MissingError(ServerError):
    """The server does not have what was requested."""


class ImageDownloadError(ServerError):
    """A task's image that cannot or must not be downloaded."""


class Server:
    """`Server("http://127.0.0.1:8080", token)`; the token may also be in LABEL_STUDIO_API_KEY."""

    def __init__(self, url: str, token: str | None = None, timeout: float = TIMEOUT) -> None:
        """Sends no request yet. Raises ServerError."""
        self.url, self.timeout = check_url(url), timeout
        self._token = (token or os.environ.get(TOKEN_VARIABLE, "")).strip()
        if not self._token:
            raise ServerError(
                tr(
                    "A token is needed; put Label Studio's access token into {token_variable}.",
                    token_variable=TOKEN_VARIABLE,
                )
            )
        if not self._token.isascii() or not self._token.isprintable() or " " in self._token:
            raise ServerError(tr("The token contains invalid characters; copy it again."))
        self._sdk: LabelStudio | None = None

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    @contextmanager
    def client(self) -> Iterator[LabelStudio]:
        """The SDK's client; its errors are raised as ServerErrors."""
        try:
            import httpx
            from label_studio_sdk import LabelStudio  # late: takes a second to import
            from label_studio_sdk.core.api_error import ApiError
        except ModuleNotFoundError:
            raise ServerError(NOT_INSTALLED) from None

        try:
            if self._sdk is None:
                self._sdk = LabelStudio(
                    base_url=self.url,
                    api_key=self._token,
                    timeout=self.timeout,
                    follow_redirects=False,  # they may lead anywhere, even into the local network
                )
            yield self._sdk
        except AnnotationError:
            raise
        except ApiError as error:  # `from None`: its text contains headers
            kind = MissingError if error.status_code == 404 else ServerError
            raise kind(self._message(error.status_code)) from None
        except httpx.TimeoutException:
            raise ServerError(
                tr("{url} did not answer within {timeout:.0f} seconds.", url=self.url, timeout=self.timeout)
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise ServerError(
                tr("{url} cannot be reached; is Label Studio running there?", url=self.url)
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ServerError(tr("{url} does not answer as Label Studio does.", url=self.url)) from None

    def _message(self, status: int | None) -> str:
        if status in REDIRECTS:
            return tr("{url} redirects to another address; give that one.", url=self.url)
        if status is None or status < 400:  # a response that the SDK cannot decode
            return tr("{url} does not answer as Label Studio does.", url=self.url)
        if status == 401:
            return tr(
                "{url} does not accept the token; take one from Account & Settings there.", url=self.url
            )
        if status == 403:
            return tr("The owner of the token may not do this at {url}.", url=self.url)
        if status == 404:
            return tr("{url} does not have the requested page; is it Label Studio?", url=self.url)
        return tr("{url} answered with the error {status}.", url=self.url, status=status)

    # Projects

    def find_project(self, name: str) -> Any | None:
        """The project with this title, with `id`, `label_config` and `model_version`. Raises ServerError."""
        with self.client() as sdk:
            if not isinstance(sdk.versions.get().release, str):
                raise ServerError(tr("{url} does not answer as Label Studio does.", url=self.url))
            found = [project.id for project in _unique(sdk.projects.list()) if project.title == name]
            if len(found) > 1:
                raise ServerError(
                    tr(
                        "{url} has {count} projects {name!r}; rename the others.",
                        url=self.url,
                        count=len(found),
                        name=name,
                    )
                )
            return sdk.projects.get(found[0]) if found else None

    def project(self, project_id: int) -> Any:
        with self.client() as sdk:
            return sdk.projects.get(project_id)

    def create_project(self, name: str) -> Any:
        if not MIN_TITLE <= len(name) <= MAX_TITLE:
            raise ServerError(
                tr(
                    "A Label Studio project's name has {min_title} to {max_title} characters, not {count}.",
                    min_title=MIN_TITLE,
                    max_title=MAX_TITLE,
                    count=len(name),
                )
            )
        with self.client() as sdk:
            return sdk.projects.create(title=name, label_config=CONFIG, request_options=NO_RETRIES)

    def set_model_version(self, project_id: int, model_version: str) -> None:
        """Selects the model version whose predictions Label Studio displays."""
        with self.client() as sdk:
            sdk.projects.update(project_id, model_version=model_version)

    def backend_titles(self, project_id: int) -> set[str]:
        """Titles of a project's ML backends."""
        with self.client() as sdk:
            return {str(backend.title) for backend in sdk.ml.list(project=project_id)}

    # Tasks

    def tasks(self, project: Any) -> list[dict]:
        """All tasks of a project with their annotations and predictions. Raises ServerError."""
        with self.client() as sdk:
            pages: Any = sdk.tasks.list(project=project.id, page_size=PAGE_SIZE)
            found = [task.dict() for task in _unique(pages)]
        if len(found) < (project.task_number or 0):  # the SDK takes any missing page for the end
            raise ServerError(
                tr(
                    "{url} returned {count} of {task_number} tasks; try again.",
                    url=self.url,
                    count=len(found),
                    task_number=project.task_number,
                )
            )
        return found

    def task(self, task_id: int) -> dict:
        with self.client() as sdk:
            return sdk.tasks.get(str(task_id)).dict()

    def add_task(self, project_id: int, task: dict) -> None:
        with self.client() as sdk:
            tasks: Any = [task]  # the SDK's type demands what the server does not
            sdk.projects.import_tasks(id=project_id, request=tasks, request_options=NO_RETRIES)

    def update_data(self, task_id: int, data: dict) -> None:
        with self.client() as sdk:
            sdk.tasks.update(str(task_id), data=data)

    def add_prediction(self, task_id: int, prediction: dict) -> None:
        with self.client() as sdk:
            sdk.predictions.create(task=task_id, request_options=NO_RETRIES, **prediction)

    def add_annotation(self, task_id: int, annotation: dict) -> None:
        with self.client() as sdk:
            sdk.annotations.create(task_id, request_options=NO_RETRIES, **annotation)

    def update_annotation(self, annotation_id: int, annotation: dict) -> None:
        """Clears `lead_time`, which marks a person's submission: this content is not theirs."""
        with self.client() as sdk:
            sdk.annotations.update(annotation_id, lead_time=None, **annotation)

    # Images

    def upload(self, project_id: int, name: str, data: bytes) -> str:
        """Uploads an image; its URL for `data.image` of a task."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        with self.client() as sdk:
            answer = self._request(  # the SDK can import tasks, but not files
                sdk,
                "POST",
                f"api/projects/{project_id}/import",
                params={"commit_to_project": "false"},
                files={"file": (name, data, kind)},
            )
            return f"/data/{sdk.files.get(answer.json()['file_upload_ids'][0]).file}"

    def download(self, image_url: str) -> bytes:
        """The image of a task, from this server or a data: URL only.

        Raises ImageDownloadError, ServerError.
        """
        if image_url.startswith("data:"):
            return _decode_data_url(image_url)
        if (url := self._url_of_file(image_url)) is None:
            raise ImageDownloadError(
                tr(
                    "its image is not on {url}, the only server from which images are downloaded.",
                    url=self.url,
                )
            )
        with self.client() as sdk:
            client = sdk._client_wrapper.httpx_client.httpx_client
            headers = sdk._client_wrapper.get_headers()
            data = bytearray()
            # A redirect may lead anywhere, even into the local network.
            with client.stream(
                "GET", url, headers=headers, timeout=self.timeout, follow_redirects=False
            ) as answer:
                if answer.is_redirect:
                    raise ImageDownloadError(
                        tr("{url} redirects to another server for its image.", url=self.url)
                    )
                if answer.status_code != 200:
                    raise ImageDownloadError(
                        tr(
                            "{url} does not return its image (error {status_code}).",
                            url=self.url,
                            status_code=answer.status_code,
                        )
                    )
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > MAX_BYTES:
                        raise ImageDownloadError(
                            tr("its image is larger than {max_bytes} MB.", max_bytes=MAX_BYTES // 2**20)
                        )
            return bytes(data)

    def _url_of_file(self, image_url: str) -> str | None:
        """The whole URL of a file of this server; None if it is something else."""
        try:
            url = urljoin(f"{self.url}/", image_url)
            is_here = _origin(url) == _origin(self.url)
            inside = unquote(urlsplit(url).path).removeprefix(unquote(urlsplit(self.url).path)).lstrip("/")
        except ValueError:  # brackets without an address, no port
            return None
        path = inside.split("/")
        is_file = path[0] in FILE_PATHS and ".." not in path and "\\" not in unquote(url)
        return url if is_here and is_file else None

    def _request(self, sdk: LabelStudio, method: str, path: str, **options: Any) -> Any:
        """A request that the SDK does not offer, with its URL and token."""
        from label_studio_sdk.core.api_error import ApiError

        answer = sdk._client_wrapper.httpx_client.request(
            path, method=method, request_options=NO_RETRIES, **options
        )
        if answer.status_code >= 400:
            raise ApiError(status_code=answer.status_code)
        return answer


def check_url(url: str) -> str:
    """The URL without a trailing slash. Raises ServerError."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or any(character.isspace() for character in url.strip()):
        raise ServerError(
            tr("The server's address cannot be used; expected something like http://127.0.0.1:8080.")
        )
    if parts.username or parts.password:
        raise ServerError(
            tr(
                "The server's address must not contain a login; put the token into {token_variable}.",
                token_variable=TOKEN_VARIABLE,
            )
        )
    return url.strip().rstrip("/")


def _unique(pages: Iterable[Any]) -> Iterator[Any]:
    """Every item once: the SDK requests pages until there are no more, and a server may repeat the last."""
    seen = set()
    for item in pages:
        if item.id in seen:
            return
        seen.add(item.id)
        yield item


def _origin(url: str) -> tuple:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _decode_data_url(url: str) -> bytes:
    """Raises ImageDownloadError."""
    if len(url) > 2 * MAX_BYTES:
        raise ImageDownloadError(tr("its image is larger than {max_bytes} MB.", max_bytes=MAX_BYTES // 2**20))
    try:
        return decode_data_url(url)
    except ValueError as error:
        raise ImageDownloadError(tr("its image is not a valid data: URL.")) from error
