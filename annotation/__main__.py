"""Annotations in and out: `python -m annotation import|export|push|pull|serve`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from annotation.formats import FORMATS, export_to, read
from annotation.formats.importing import import_entries
from annotation.label_studio.client import DEFAULT_URL as DEFAULT_SERVER
from annotation.label_studio.client import TOKEN_VARIABLE, URL_VARIABLE, Server
from annotation.label_studio.sync import pull, push
from annotation.region import AnnotationError
from annotation.store.database import DEFAULT_URL, parse_url
from annotation.store.store import Store
from annotation.upload import Progress

PROJECT = "default"
INTERRUPTED = 130  # exit code, as shells have it
BACKEND_TOKEN_VARIABLE = "ML_BACKEND_TOKEN"  # the password with which Label Studio comes to us

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 after one sentence on stderr, with nothing changed."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # names and texts of any kind on any terminal
    options = _options(arguments)
    try:
        for line in options.run(options):
            print(line)
    except AnnotationError as error:
        print(error, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        print(f"The database could not be read or written: {_reason(error)}.", file=sys.stderr)
        return 1
    except OSError as error:  # disk full, no permission
        print(f"A file could not be read or written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _reason(error: SQLAlchemyError) -> str:
    """Without the statement, which may hold what somebody wrote."""
    return " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())


def _import(options: argparse.Namespace) -> list[str]:
    entries = read(options.path, options.format, options.images)
    with _new_store(options.database) as store:
        return import_entries(store, options.project, entries, f"import of {Path(options.path).name}").lines()


def _export(options: argparse.Namespace) -> list[str]:
    with _old_store(options.database) as store:
        return export_to(store, store.find_project(options.project), options.out, options.format).lines()


def _push(options: argparse.Namespace) -> list[str]:
    server = Server(options.server)
    with _old_store(options.database) as store, _bar("push") as progress:
        return push(store, options.project, server, progress).lines()


def _pull(options: argparse.Namespace) -> list[str]:
    server = Server(options.server)
    with _new_store(options.database) as store, _bar("pull") as progress:
        return pull(store, options.project, server, progress).lines()


def _serve(options: argparse.Namespace) -> list[str]:
    server = Server(options.server)
    from annotation.label_studio.backend import TaskPredictor, build, serve
    from annotation.label_studio.webhook_worker import WebhookWorker
    from spotter import load_spotter  # late, as torch takes seconds
    from spotter.weights import WeightsError

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("annotation").setLevel(logging.INFO)
    try:
        spotter = load_spotter(options.weights)
    except WeightsError as error:
        raise AnnotationError(str(error)) from error
    with Store(options.database) as store:
        annotator = TaskPredictor(store, spotter, server)
        password = os.environ.get(BACKEND_TOKEN_VARIABLE, "")
        if not password and options.host not in LOOPBACK:
            print(
                f"Port {options.port} answers anybody; put a password into {BACKEND_TOKEN_VARIABLE}.",
                file=sys.stderr,
            )
        app = build(annotator, WebhookWorker(store, server), password)
        print(f"{annotator.version} for {server.url} on http://{options.host}:{options.port}", flush=True)
        serve(app, options.host, options.port)
    return []


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    """A progress bar on stderr."""
    with tqdm(desc=what, unit="image", file=sys.stderr, leave=False, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, all_of_them: int, name: str) -> None:
            bar.total = all_of_them
            bar.set_postfix_str(name, refresh=False)
            bar.update(done - bar.n)

        yield show


@contextmanager
def _new_store(url: str) -> Iterator[Store]:
    """A store that is made when there is none, and gone again when what was meant for it cannot be taken."""
    file = _file(url)
    is_new = file is not None and not file.exists()
    try:
        with Store(url) as store:
            yield store
    except BaseException:
        if is_new:  # nothing is there that was not there before
            for ending in ("", "-wal", "-shm"):
                file.with_name(file.name + ending).unlink(missing_ok=True)
            with suppress(OSError):
                file.with_suffix(".images").rmdir()
        raise


@contextmanager
def _old_store(url: str) -> Iterator[Store]:
    file = _file(url)
    if file is not None and not file.is_file():
        raise AnnotationError("There is no such database.")
    with Store(url) as store:
        yield store


def _file(url: str) -> Path | None:
    """Of an SQLite database."""
    parsed = parse_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" else None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m annotation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    importing = commands.add_parser("import", help="annotations in")
    importing.add_argument("path", metavar="FILE_OR_FOLDER")
    importing.add_argument(
        "--images", metavar="FOLDER", help="where the images are (default: beside the file)"
    )
    importing.set_defaults(run=_import)
    exporting = commands.add_parser("export", help="annotations out")
    exporting.add_argument("out", metavar="OUT", help="a new folder, or a new .json file")
    exporting.set_defaults(run=_export)
    pushing = commands.add_parser("push", help="a project to a Label Studio server")
    pushing.set_defaults(run=_push)
    pulling = commands.add_parser("pull", help="a project from a Label Studio server")
    pulling.set_defaults(run=_pull)
    serving = commands.add_parser("serve", help="be a Label Studio server's ML backend")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serving.add_argument("--port", type=int, default=9090, help="port to listen on (default: 9090)")
    serving.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file (nano)")
    serving.set_defaults(run=_serve)
    for command in (pushing, pulling, serving):
        _server(command)
    for command in (importing, exporting):
        command.add_argument(
            "--format", choices=FORMATS, default="label-studio", help="default: label-studio"
        )
    for command in (importing, exporting, pushing, pulling, serving):
        command.add_argument("--database", metavar="URL", default=DEFAULT_URL, help=f"default: {DEFAULT_URL}")
    for command in (importing, exporting, pushing, pulling):
        command.add_argument("--project", metavar="NAME", default=PROJECT, help=f"default: {PROJECT}")
    return parser.parse_args(arguments)


def _server(command: argparse.ArgumentParser) -> None:
    """There is no option for the token: other users of the computer see the arguments of every program."""
    command.add_argument(
        "--server",
        metavar="URL",
        default=os.environ.get(URL_VARIABLE, DEFAULT_SERVER),
        help=f"Label Studio (default: {URL_VARIABLE} or {DEFAULT_SERVER}); the token is in {TOKEN_VARIABLE}",
    )


if __name__ == "__main__":
    sys.exit(main())
