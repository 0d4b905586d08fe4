"""The image of a Label Studio task: its URL, its file name, its content."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, unquote_to_bytes, urlsplit

from spotter.language import tr

IMAGE_KEYS = ("image", "ocr", "img", "image_url", "photo")  # of a task's data, the first that is a string
UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")  # Label Studio puts this before the name of an uploaded file


def task_data(task: object) -> dict:
    """The `data` of a task; {} if it has no valid one."""
    data = task.get("data") if isinstance(task, dict) else None
    return data if isinstance(data, dict) else {}


def image_url(task: object) -> str | None:
    """URL of a task's image; None if it has none."""
    data = task_data(task)
    return next((data[key] for key in IMAGE_KEYS if isinstance(data.get(key), str)), None)


def image_path(url: str) -> PurePosixPath:
    """The path in an image's URL, relative to the server's root; empty if there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return PurePosixPath("")
    if parts.scheme == "data":
        return PurePosixPath("")
    served = parse_qs(parts.query).get("d")
    return PurePosixPath(served[0] if served else unquote(parts.path))


def decode_data_url(url: str) -> bytes:
    """Content of a `data:` URL. Raises ValueError."""
    head, _, body = url.partition(",")
    return b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)


def describe_missing_image(task: object) -> str:
    """Why a task has no URL, for messages."""
    data = task_data(task)
    expected = ", ".join(f'"{key}"' for key in IMAGE_KEYS[:-1]) + f' or "{IMAGE_KEYS[-1]}"'
    keys = ", ".join(f'"{str(key)[:40]}"' for key in list(data)[:5]) or "no keys"
    several = any(isinstance(value, list) for value in data.values())
    if several:
        return tr(
            "its data has {keys}, but its image must be in {expected}; "
            "a task of several pages cannot be imported.",
            keys=keys,
            expected=expected,
        )
    return tr("its data has {keys}, but its image must be in {expected}.", keys=keys, expected=expected)
