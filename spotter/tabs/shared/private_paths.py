"""Paths of temporary files that tell nothing about the files of others.

Gradio names the folder of a file by its content and a secret of the installation. Whoever has the same photo
could find out that somebody has uploaded it: its folder would exist already, and be older. Here each upload
has a folder of its own, and so has what one page is shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from gradio import processing_utils
from gradio.route_utils import GradioUploadFile

HASHES = ("hash_file", "hash_bytes", "hash_url", "hash_base64")  # of Gradio, which name folders

_page: ContextVar[str] = ContextVar("page", default="")


@contextmanager
def files_of(page: str) -> Iterator[None]:
    """From now on, in this task, files are named for a page."""
    token = _page.set(page)
    try:
        yield
    finally:
        _page.reset(token)


def make_paths_private() -> None:
    """From now on, for all apps of this process."""
    for name in HASHES:
        original = getattr(processing_utils, name)
        if not hasattr(original, "__wrapped__"):
            setattr(processing_utils, name, _of_page(original))
    if not hasattr(GradioUploadFile.__init__, "__wrapped__"):
        GradioUploadFile.__init__ = _of_upload(GradioUploadFile.__init__)  # type: ignore[method-assign]


def _of_page(hash_of: Callable[..., str]) -> Callable[..., str]:
    @wraps(hash_of)
    def hash_for_page(*arguments: Any, **options: Any) -> str:
        return hashlib.sha256(f"{_page.get()} {hash_of(*arguments, **options)}".encode()).hexdigest()

    return hash_for_page


def _of_upload(begin: Callable[..., None]) -> Callable[..., None]:
    @wraps(begin)
    def begin_with_secret(upload: GradioUploadFile, /, *arguments: Any, **options: Any) -> None:
        begin(upload, *arguments, **options)
        upload.sha.update(secrets.token_bytes(16))

    return begin_with_secret
