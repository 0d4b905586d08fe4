"""Import, export and exchange annotations: `python -m annotation import|export|push|pull|serve`."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from annotation.formats import EXPORTS, FORMATS, export_to, read
from annotation.formats.importing import import_entries
from annotation.label_studio.client import DEFAULT_URL as DEFAULT_SERVER
from annotation.label_studio.client import TOKEN_VARIABLE, URL_VARIABLE, Server
from annotation.label_studio.sync import pull, push
from annotation.region import AnnotationError
from annotation.store.database import DEFAULT_URL, parse_url, sqlite_file
from annotation.store.store import Store
from annotation.upload import Progress

DEFAULT_PROJECT = "default"
INTERRUPTED = 130  # exit code, as in shells
PASSWORD_VARIABLE = "ML_BACKEND_TOKEN"  # the password that Label Studio sends to the ML backend
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Import:
    """Imports a file or folder."""

    path: Path
    images: Path | None
    format: str | None  # found out by looking at the input if None
    strict: bool
    database: str
    project: str

    def run(self) -> list[str]:
        entries = read(self.path, self.format, self.images)
        who = f"import of {self.path.name}"
        with _new_store(self.database) as store:
            return import_entries(store, self.project, entries, who, self.strict).lines()


@dataclass(frozen=True)
class Export:
    """Exports a project into a new folder or file."""

    out: Path
    format: str
    database: str
    project: str

    def run(self) -> list[str]:
        with _existing_store(self.database) as store:
            return export_to(store, store.find_project(self.project), self.out, self.format).lines()


@dataclass(frozen=True)
class Push:
    """Sends a project to a Label Studio server."""

    server: str
    database: str
    project: str

    def run(self) -> list[str]:
        server = Server(self.server)
        with _existing_store(self.database) as store, _progress_bar("push") as progress:
            return push(store, self.project, server, progress).lines()


@dataclass(frozen=True)
class Pull:
    """Imports a project from a Label Studio server."""

    server: str
    database: str
    project: str

    def run(self) -> list[str]:
        server = Server(self.server)
        with _new_store(self.database) as store, _progress_bar("pull") as progress:
            return pull(store, self.project, server, progress).lines()


@dataclass(frozen=True)
class Serve:
    """Runs an ML backend for a Label Studio server."""

    host: str
    port: int
    weights: str
    server: str
    database: str

    def run(self) -> list[str]:
        server = Server(self.server)
        from annotation.label_studio.backend import TaskPredictor, build_app, serve
        from annotation.label_studio.webhook_worker import WebhookWorker
        from spotter import load_spotter  # late: importing torch takes seconds
        from spotter.weights import WeightsError

        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        logging.getLogger("annotation").setLevel(logging.INFO)
        try:
            spotter = load_spotter(self.weights)
        except WeightsError as error:
            raise AnnotationError(str(error)) from error
        with Store(self.database) as store:
            predictor = TaskPredictor(store, spotter, server)
            password = os.environ.get(PASSWORD_VARIABLE, "")
            if not password and self.host not in LOOPBACK:
                warning = f"Anyone can use port {self.port}; set a password in {PASSWORD_VARIABLE}."
                print(warning, file=sys.stderr)
            app = build_app(predictor, WebhookWorker(store, server), password)
            print(f"{predictor.version} for {server.url} on http://{self.host}:{self.port}", flush=True)
            serve(app, self.host, self.port)
        return []


Command = Import | Export | Push | Pull | Serve


def parse(arguments: Sequence[str] | None = None) -> Command:
    """Exits with code 2 if the command line is invalid."""
    parser = argparse.ArgumentParser("python -m annotation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: type[Command]) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        subparser.set_defaults(command=command)
        return subparser

    importing, exporting = add("import", Import), add("export", Export)
    pushing, pulling, serving = add("push", Push), add("pull", Pull), add("serve", Serve)
    importing.add_argument("path", type=Path, metavar="FILE_OR_FOLDER")
    importing.add_argument(
        "--images", type=Path, metavar="FOLDER", help="folder of the images (default: next to the file)"
    )
    exporting.add_argument("out", type=Path, metavar="OUT", help="a new folder, or a new .json file")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serving.add_argument("--port", type=int, default=9090, help="port to listen on (default: 9090)")
    serving.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file (nano)")
    importing.add_argument("--format", choices=FORMATS, help="default: found out by looking at the input")
    importing.add_argument(
        "--strict", action="store_true", help="import nothing if anything is invalid (default: the rest)"
    )
    exporting.add_argument("--format", choices=EXPORTS, default="label-studio", help="default: label-studio")
    # There is no option for the token: other users of the computer can see the arguments of every program.
    for command in (pushing, pulling, serving):
        command.add_argument(
            "--server",
            metavar="URL",
            default=os.environ.get(URL_VARIABLE, DEFAULT_SERVER),
            help=f"default: {URL_VARIABLE} or {DEFAULT_SERVER}; the access token is in {TOKEN_VARIABLE}",
        )
    for command in (importing, exporting, pushing, pulling, serving):
        command.add_argument("--database", metavar="URL", default=DEFAULT_URL, help=f"default: {DEFAULT_URL}")
    for command in (importing, exporting, pushing, pulling):
        command.add_argument(
            "--project", metavar="NAME", default=DEFAULT_PROJECT, help=f"default: {DEFAULT_PROJECT}"
        )
    values = vars(parser.parse_args(arguments))
    return values.pop("command")(**values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 1 after a sentence (and a line per fault) on stderr, with nothing changed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any name or text on any terminal
    command = parse(arguments)
    try:
        for line in command.run():
            print(line)
    except AnnotationError as error:
        print(error, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        # Without the statement, which may contain texts of the user.
        reason = " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())
        print(f"The database could not be read or written: {reason}.", file=sys.stderr)
        return 1
    except OSError as error:  # disk full, no permission
        print(f"A file could not be read or written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


@contextmanager
def _progress_bar(name: str) -> Iterator[Progress]:
    """On stderr."""
    with tqdm(desc=name, unit="image", file=sys.stderr, leave=False, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int, image: str) -> None:
            bar.total = total
            bar.set_postfix_str(image, refresh=False)
            bar.update(done - bar.n)

        yield show


@contextmanager
def _new_store(url: str) -> Iterator[Store]:
    """Opens a store or creates it. A store created here is deleted again if an exception is raised."""
    file = sqlite_file(parse_url(url))
    is_new = file is not None and not file.exists()
    try:
        with Store(url) as store:
            yield store
    except BaseException:
        if file is not None and is_new:
            for suffix in ("", "-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
            with suppress(OSError):
                file.with_suffix(".images").rmdir()
        raise


@contextmanager
def _existing_store(url: str) -> Iterator[Store]:
    """Raises AnnotationError if there is no such database."""
    file = sqlite_file(parse_url(url))
    if file is not None and not file.is_file():
        raise AnnotationError("There is no such database.")
    with Store(url) as store:
        yield store


if __name__ == "__main__":
    sys.exit(main())
