"""Where `spotter read` puts the words of each photo, and how a run goes on where another one ended."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from tqdm import tqdm

from spotter.formats import json_lines
from spotter.formats.documents import DocumentFormat
from spotter.formats.photo_words import PhotoWords
from spotter.formats.tables import TableFormat
from spotter.inputs import Photo
from spotter.output_files import OutputError, check_output, replacing

RUN = ".spotter-read.json"  # in a folder of documents: the weights and settings they were read with


class Results(Protocol):
    """Takes the photos one after the other, in their order."""

    def start(self, model: dict) -> None:
        """`model`: the entry of the weights, see `words_json`, and the settings of the run.

        Raises OutputError if an earlier run had others.
        """
        ...

    def is_done(self, photo: Photo) -> bool:
        """Whether an earlier run has read it."""
        ...

    def add(self, photo: Photo, image: np.ndarray, words: PhotoWords) -> list[str]:
        """Returns sentences about what is left out. Raises OutputError if only this photo is affected."""
        ...

    def close(self) -> None:
        """After the last one, or an interruption."""
        ...


class Summary:
    """A line per word on the terminal."""

    def start(self, model: dict) -> None:
        pass

    def is_done(self, photo: Photo) -> bool:
        return False

    def add(self, photo: Photo, image: np.ndarray, words: PhotoWords) -> list[str]:
        count = len(words.words)
        head = f"{words.name}: {count} word{'' if count == 1 else 's'}"
        tqdm.write("\n".join([head, *(f"  {word.score:.2f}  {word.text}" for word in words.words)]))
        return []

    def close(self) -> None:
        pass


class TableStream(Summary):
    """A table on standard output."""

    def __init__(self, table: TableFormat) -> None:
        self.table = table

    def start(self, model: dict) -> None:
        self.writer = self.table.writer(model)
        self._write(self.writer.begin())

    def add(self, photo: Photo, image: np.ndarray, words: PhotoWords) -> list[str]:
        self._write(self.writer.add(words))
        return []

    def close(self) -> None:
        self._write(self.writer.end())

    def _write(self, text: str) -> None:
        sys.stdout.buffer.write(_encode(text))
        sys.stdout.buffer.flush()


class TableFile:
    """A table in a file. Until it is complete, a journal next to it holds what has been read."""

    def __init__(self, path: Path, table: TableFormat, resume: bool) -> None:
        """Raises OutputError."""
        self.path, self.table, self.resume = path, table, resume
        self.journal = path.with_name(f"{path.name}.partial")
        self.done: set[str] = set()
        check_output(path)
        check_output(self.journal)
        if self.journal.exists() and not resume:
            raise OutputError(
                f"{self.journal} holds what an interrupted run has read: use --resume, or delete it."
            )

    def start(self, model: dict) -> None:
        self.model, self.lines = model, json_lines.Writer(model)
        if self.resume:
            self._resume()
        self.stream = self.journal.open("ab")

    def _resume(self) -> None:
        if self.journal.exists():
            _drop_incomplete_line(self.journal)
            known = json_lines.read(self.journal)
        elif self.path.exists():
            known = self.table.read(self.path)
        else:
            return
        found: list[bytes] = []
        try:
            for model, words in known:
                check_same(self.path, model, self.model)
                self.done.add(words.name)
                if not self.journal.exists():
                    found.append(_encode(self.lines.add(words)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(
                f"{self.path} was not written by `spotter read`; choose another output."
            ) from error
        if found:
            with replacing(self.journal) as stream:
                stream.writelines(found)

    def is_done(self, photo: Photo) -> bool:
        return photo.name in self.done

    def add(self, photo: Photo, image: np.ndarray, words: PhotoWords) -> list[str]:
        self.stream.write(_encode(self.lines.add(words)))
        self.stream.flush()
        return []

    def close(self) -> None:
        self.stream.close()
        writer = self.table.writer(self.model)
        with replacing(self.path) as stream:
            stream.write(_encode(writer.begin()))
            for _, words in json_lines.read(self.journal):
                stream.write(_encode(writer.add(words)))
            stream.write(_encode(writer.end()))
        self.journal.unlink()


class Documents:
    """A file for each photo: in a folder, or on standard output."""

    def __init__(
        self, output: Path | None, form: DocumentFormat, names: Sequence[str], resume: bool = False
    ) -> None:
        """`output`: the folder, or the file of a single photo; `names`: of all photos.

        Raises OutputError if the folder cannot be made.
        """
        self.form, self.resume = form, resume
        is_file = (
            output is not None and len(names) == 1 and output.suffix == form.suffix and not output.is_dir()
        )
        self.single = output if is_file else None
        folder = self.folder = output.parent if output is not None and is_file else output
        usual = Counter(form.file_name(name) for name in names)
        self.alike = {name for name in names if usual[form.file_name(name)] > 1}
        self.pages: list[bytes] = []
        self.file: Path | None = None  # of these pages
        self.run = folder / RUN if folder is not None and not is_file else None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{folder} cannot be created: {error.strerror}.") from error

    def path(self, photo: Photo) -> Path:
        if self.single is not None and (self.form.join or photo.page == 1):
            return self.single
        name = photo.document if self.form.join else photo.name
        return Path(self.folder or "", self.form.file_name(name, photo.document in self.alike))

    def start(self, model: dict) -> None:
        if self.run is None:
            return
        if self.resume and self.run.exists():
            try:
                check_same(self.run.parent, json.loads(self.run.read_text(encoding="utf-8")), model)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise OutputError(f"{self.run} is damaged; choose another folder.") from error
        with replacing(self.run) as stream:
            stream.write(json.dumps(model).encode())

    def is_done(self, photo: Photo) -> bool:
        path = self.path(photo)
        return self.resume and path != self.file and path.exists()

    def add(self, photo: Photo, image: np.ndarray, words: PhotoWords) -> list[str]:
        if self.folder is None and photo.page > 1 and not self.form.join:
            raise OutputError("This format has a file for each page: give a folder with -o.")
        if self.path(photo) != self.file:
            self._write()
        self.file = self.path(photo)
        content, notes = self.form.render(image, words)
        self.pages.append(content)
        if not self.form.join:
            self._write()
        return notes

    def close(self) -> None:
        self._write()

    def _write(self) -> None:
        pages, file = self.pages, self.file
        self.pages, self.file = [], None
        if file is None or not pages:
            return
        content = self.form.join(pages) if self.form.join and len(pages) > 1 else pages[0]
        if self.folder is None:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{file.parent} cannot be created: {error.strerror}.") from error
        with replacing(file) as stream:
            stream.write(content)


def check_same(path: Path, earlier: dict, now: dict) -> None:
    """Raises OutputError if a run had other weights or settings than this one."""
    known, wanted = dict(earlier), dict(now)
    before, after = known.pop("settings", {}), wanted.pop("settings", {})
    other = [f"the weights {known['name']}"] if known != wanted else []
    for name, value in before.items():
        if value != after.get(name):
            shown = "" if isinstance(value, bool) else f" {value}"
            other.append(f"{'' if value else 'no '}{name.replace('_', ' ')}{shown if value else ''}")
    if other:
        raise OutputError(
            f"{path} was read with {', '.join(other)}: use the same to go on, or choose another output."
        )


def check_no_input(outputs: Collection[Path], inputs: Collection[Path]) -> None:
    """Raises OutputError if an output is one of the images."""
    images = {os.path.realpath(path) for path in inputs}
    for output in outputs:
        if os.path.realpath(output) in images:
            raise OutputError(f"{output} is one of the images: choose another output.")


def _encode(text: str) -> bytes:
    """Bytes of file names that are not UTF-8 are lone surrogates; they become JSON escapes."""
    return text.encode("utf-8", "backslashreplace")


def _drop_incomplete_line(path: Path) -> None:
    """The last one, if the run that wrote it was killed."""
    with path.open("r+b") as stream:
        end = 0
        for line in stream:
            if line.endswith(b"\n"):
                end += len(line)
        stream.truncate(end)
