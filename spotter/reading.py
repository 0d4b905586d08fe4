"""Reads many images: `spotter read` without its command line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from tqdm import tqdm

from spotter.drawing import draw_words
from spotter.formats import TABLES, document_format, table_format
from spotter.formats.photo_words import PhotoWords
from spotter.images import ImageError, read_image
from spotter.inputs import Photo, describe_left_out, find_images, name_inputs, split_pages
from spotter.output_files import STANDARD_OUTPUT, OutputError, replacing
from spotter.read_options import FAILED, INTERRUPTED, ReadOptions
from spotter.results import Documents, Results, Summary, TableFile, TableStream, check_no_input
from spotter.words_json import model_entry

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.types import Word


@dataclass(frozen=True)
class Loaded:
    """A photo that waits to be read."""

    photo: Photo
    image: np.ndarray


def run(options: ReadOptions) -> int:
    """Reads all images; returns the exit code."""
    paths, errors = find_images(options.inputs, options.recursive)
    for sentence in [*errors, *describe_left_out(options.inputs, options.recursive)]:
        print(sentence, file=sys.stderr)
    if not paths:
        return FAILED
    names = name_inputs(paths, options.inputs, options.recursive)
    try:
        results = _check_outputs(paths, names, options)
        spotter = _load(options)
        results.start(model_entry(spotter.card) | {"settings": _settings(options)})
        code = Reading(spotter, results, options, paths).run(names)
        results.close()
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        print(_sentence(error), file=sys.stderr)
        return FAILED
    return code or (FAILED if errors else 0)


def _settings(options: ReadOptions) -> dict:
    """What the words depend on, besides the weights; None: as the weights say."""
    names = ("threshold", "short_side", "known_words")
    return {name: getattr(options, name) for name in names}


def drawing_path(folder: Path, name: str) -> Path:
    """The file of an image's drawing; the suffix is kept, so that photo.jpg and photo.png do not collide."""
    return folder / f"{name}.png"


def _check_outputs(paths: Sequence[Path], names: Sequence[str], options: ReadOptions) -> Results:
    """Where the words go. Raises OutputError if they cannot."""
    if options.draw:
        check_no_input([drawing_path(options.draw, name) for name in names], paths)
        try:
            options.draw.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{options.draw} cannot be created: {error.strerror}.") from error
    output = None if str(options.output) == STANDARD_OUTPUT else options.output
    if options.format is None:
        return Summary()
    if options.format in TABLES:
        table = table_format(options.format)
        if output is None:
            return TableStream(table)
        check_no_input([output], paths)
        return TableFile(output, table, options.resume)
    if output is None and len(paths) > 1:
        raise OutputError(f"The format {options.format} has a file for each photo: give a folder with -o.")
    documents = Documents(output, document_format(options.format), names, options.resume)
    if output is not None:
        photos = [Photo(path, 1, name, name) for path, name in zip(paths, names, strict=True)]
        check_no_input([documents.path(photo) for photo in photos], paths)
    return documents


def _load(options: ReadOptions) -> Spotter:
    """Raises ValueError with one sentence."""
    from spotter import load_spotter  # takes seconds, so only after the checks

    try:
        return load_spotter(options.weights, options.device, options.known_words)
    except ValueError as error:
        raise ValueError(_sentence(error)) from error
    except Exception as error:  # a missing device, too little memory
        place = f" on {options.device}" if options.device else ""
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"The spotter cannot be loaded{place}: {reason}.") from error


class Reading:
    """One run; `code` is its exit code so far."""

    def __init__(
        self, spotter: Spotter, results: Results, options: ReadOptions, paths: Sequence[Path]
    ) -> None:
        self.spotter, self.results, self.options, self.paths = spotter, results, options, paths
        self.code = 0
        self.known = 0  # photos that an earlier run has read

    def run(self, names: Sequence[str]) -> int:
        photos = self._load_photos(zip(self.paths, names, strict=True))
        try:
            while batch := list(islice(photos, self.options.batch)):
                for loaded, words in zip(batch, self._read(batch), strict=True):
                    if words is not None:
                        self._add(loaded, words)
        except KeyboardInterrupt:
            self.code = INTERRUPTED
        if self.known:
            verb, them = ("was", "is") if self.known == 1 else ("were", "are")
            print(f"{self.known} {verb} read before and {them} left out.", file=sys.stderr)
        return self.code

    def _load_photos(self, files: Iterable[tuple[Path, str]]) -> Iterator[Loaded]:
        """The photos that can be opened, page by page."""
        for path, name in tqdm(files, total=len(self.paths), unit="image", file=sys.stderr):
            photos, notes = split_pages([path], [name])
            for sentence in notes:
                tqdm.write(sentence, file=sys.stderr)
            for photo in photos:
                if self.results.is_done(photo):
                    self.known += 1
                    continue
                try:
                    image = read_image(photo.path, photo.page)
                except Exception as error:  # whatever one image causes, the others are still read
                    self._complain(photo, error)
                else:
                    yield Loaded(photo, image)

    def _read(self, batch: Sequence[Loaded]) -> list[PhotoWords | None]:
        """The words of each; None if that fails."""
        start = time.perf_counter()
        images = [loaded.image for loaded in batch]
        try:
            words = self.spotter.spot_batch(images, self.options.threshold, self.options.short_side)
        except Exception as error:
            if len(batch) == 1:
                self._complain(batch[0].photo, error)
                return [None]
            return [one for loaded in batch for one in self._read([loaded])]  # all but those that fail
        seconds = (time.perf_counter() - start) / len(batch)
        return [_photo_words(one, found, seconds) for one, found in zip(batch, words, strict=True)]

    def _add(self, loaded: Loaded, words: PhotoWords) -> None:
        try:
            if self.options.draw:
                _draw(drawing_path(self.options.draw, loaded.photo.name), loaded.image, words.words)
            for sentence in self.results.add(loaded.photo, loaded.image, words):
                tqdm.write(f"{_place(loaded.photo)}: {sentence}", file=sys.stderr)
        except OutputError as error:
            self._complain(loaded.photo, error)

    def _complain(self, photo: Photo, error: Exception) -> None:
        tqdm.write(f"{_place(photo)}: {_sentence(error)}", file=sys.stderr)
        self.code = FAILED


def _photo_words(loaded: Loaded, words: list[Word], seconds: float) -> PhotoWords:
    height, width = loaded.image.shape[:2]
    return PhotoWords(loaded.photo.name, width, height, round(seconds, 3), words)


def _place(photo: Photo) -> str:
    return f"{photo.path}, page {photo.page}" if photo.page > 1 else str(photo.path)


def _draw(path: Path, image: np.ndarray, words: Sequence[Word]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent} cannot be created: {error.strerror}.") from error
    with replacing(path) as stream:
        Image.fromarray(draw_words(image, words)).save(stream, format="PNG")


def _sentence(error: Exception) -> str:
    """The error's message on one line."""
    message = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:  # such as a full disk
        return f"{error.filename or 'The output'} cannot be written: {error.strerror}."
    if isinstance(error, (ImageError, ValueError, OSError)):
        return message
    return f"The words could not be read ({type(error).__name__}: {message})."
