"""Reads the images of a part: the work of one process, with one core or GPU."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from spotter.bulk.parts import Settings
from spotter.bulk.sources import EncodedImage
from spotter.decoding import WORKERS
from spotter.images import MAX_PAGES, ImageError, count_pages, read_image
from spotter.predictor import Spotter
from spotter.types import Word

TOO_MANY_PAGES = f"Only the first {MAX_PAGES} pages of a file are read; split it."


@dataclass(frozen=True)
class Page:
    """An image, or the reason why it cannot be read."""

    image_id: str
    sha256: str | None  # of the file
    number: int
    pages: int  # of the file
    image: np.ndarray | None = None
    error: str | None = None

    def rows(self, model_version: str, words: Sequence[Word], error: str | None) -> Iterator[dict]:
        """A row per word; one row if there is none."""
        height, width = (None, None) if self.image is None else self.image.shape[:2]
        common = {"image_id": self.image_id, "page": self.number, "pages": self.pages, "sha256": self.sha256}
        common |= {"width": width, "height": height, "model_version": model_version, "error": error}
        for number, word in enumerate(words):
            yield common | word.to_dict() | {"word": number}
        if not words:
            yield common


class Reader:
    """One model; `batch`: images per forward pass."""

    def __init__(self, spotter: Spotter, settings: Settings, batch: int) -> None:
        self.spotter, self.settings, self.batch = spotter, settings, batch

    def read(self, images: Sequence[EncodedImage]) -> list[dict]:
        """The rows of these images. Whatever one of them causes, the others are read."""
        rows: list[dict] = []
        pages = self._decode(images)
        while group := list(islice(pages, self.batch)):
            rows += self._spot(group)
        return rows

    def _decode(self, images: Sequence[EncodedImage]) -> Iterator[Page]:
        """While a batch is read, the next one is decoded."""
        with ThreadPoolExecutor(WORKERS) as pool:
            ahead: list[tuple[EncodedImage, Future[Page]]] = []
            for start in range(0, len(images) + self.batch, self.batch):
                waiting, some = ahead, images[start : start + self.batch]
                ahead = [(image, pool.submit(_first_page, image)) for image in some]
                for image, future in waiting:
                    page = future.result()
                    yield page
                    for number in range(2, min(page.pages, MAX_PAGES) + 1):
                        yield _decode_page(image, page.sha256, number, page.pages)
                    if page.pages > MAX_PAGES:
                        number = MAX_PAGES + 1
                        yield Page(image.image_id, page.sha256, number, page.pages, error=TOO_MANY_PAGES)

    def _spot(self, pages: Sequence[Page]) -> list[dict]:
        version = self.settings.model_version
        images = [page.image for page in pages if page.image is not None]
        try:
            found = iter(self.spotter.spot_batch(images, self.settings.threshold, self.settings.short_side))
        except Exception as error:
            if len(pages) == 1:
                return list(pages[0].rows(version, [], _sentence(error)))
            return [row for page in pages for row in self._spot([page])]  # all but those that fail
        rows: list[dict] = []
        for page in pages:
            rows += page.rows(version, [] if page.image is None else next(found), page.error)
        return rows


def _first_page(image: EncodedImage) -> Page:
    if image.data is None:
        return Page(image.image_id, None, 1, 1, error=image.error)
    sha256 = hashlib.sha256(image.data).hexdigest()
    try:
        pages = count_pages(image.data)
    except Exception as error:
        return Page(image.image_id, sha256, 1, 1, error=_sentence(error))
    return _decode_page(image, sha256, 1, pages)


def _decode_page(image: EncodedImage, sha256: str | None, number: int, pages: int) -> Page:
    assert image.data is not None
    try:
        return Page(image.image_id, sha256, number, pages, read_image(image.data, number))
    except Exception as error:
        return Page(image.image_id, sha256, number, pages, error=_sentence(error))


def _sentence(error: Exception) -> str:
    message = " ".join(str(error).split()) or type(error).__name__
    return (
        message
        if isinstance(error, ImageError)
        else f"It cannot be read ({type(error).__name__}: {message})."
    )
