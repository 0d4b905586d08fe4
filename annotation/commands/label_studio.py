"""Exchange with a Label Studio server."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import dataclass

from annotation.commands.spotters import add_weights_option, read_untouched, spotter_of
from annotation.commands.stores import add_database_option, add_project_option, existing_store, new_store
from annotation.commands.terminal import progress_bar
from annotation.label_studio.client import DEFAULT_URL as DEFAULT_SERVER
from annotation.label_studio.client import TOKEN_VARIABLE, URL_VARIABLE, Server
from annotation.label_studio.sync import pull, push
from annotation.store.store import Store
from spotter.decoding import decode_apart

PASSWORD_VARIABLE = "ML_BACKEND_TOKEN"  # the password that Label Studio sends to the ML backend
SECRET_VARIABLE = "ML_BACKEND_WEBHOOK_SECRET"  # that webhooks have in their header X-Webhook-Secret
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add_server_option(parser: argparse.ArgumentParser) -> None:
    # There is no option for the token: other users of the computer can see the arguments of every program.
    parser.add_argument(
        "--server",
        metavar="URL",
        default=os.environ.get(URL_VARIABLE, DEFAULT_SERVER),
        help=f"default: {URL_VARIABLE} or {DEFAULT_SERVER}; the access token is in {TOKEN_VARIABLE}",
    )


@dataclass(frozen=True)
class Push:
    """Sends a project to a Label Studio server.

    If a round is promoted, it first reads the photos that nobody has touched.
    """

    server: str
    database: str
    project: str
    resend: bool

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        add_server_option(parser)
        add_database_option(parser)
        add_project_option(parser)
        parser.add_argument(
            "--resend", action="store_true", help="also the photos that were deleted in Label Studio"
        )

    def run(self) -> list[str]:
        server = Server(self.server)
        with existing_store(self.database) as store:
            lines = read_untouched(store, store.find_project(self.project))
            with progress_bar("push") as progress:
                return [*lines, *push(store, self.project, server, progress, self.resend).lines()]


@dataclass(frozen=True)
class Pull:
    """Imports a project from a Label Studio server."""

    server: str
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        add_server_option(parser)
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        server = Server(self.server)
        with new_store(self.database) as store, progress_bar("pull") as progress:
            return pull(store, self.project, server, progress).lines()


@dataclass(frozen=True)
class Serve:
    """Runs an ML backend for a Label Studio server."""

    host: str
    port: int
    weights: str | None
    server: str
    database: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=9090, help="port to listen on (default: 9090)")
        add_weights_option(parser)
        add_server_option(parser)
        add_database_option(parser)

    def run(self) -> list[str]:
        server = Server(self.server)
        from annotation.label_studio.backend import TaskPredictor, build_app
        from annotation.label_studio.http_server import serve
        from annotation.label_studio.webhook_worker import WebhookWorker

        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        logging.getLogger("annotation").setLevel(logging.INFO)
        with new_store(self.database) as store:  # created only if the weights can be loaded
            spotter_of(store, self.weights)()
        with Store(self.database) as store:
            predictor = TaskPredictor(store, spotter_of(store, self.weights), server)
            password = os.environ.get(PASSWORD_VARIABLE, "")
            if not password and self.host not in LOOPBACK:
                warning = f"Anyone can use port {self.port}; set a password in {PASSWORD_VARIABLE}."
                print(warning, file=sys.stderr)
            secret = os.environ.get(SECRET_VARIABLE, "")
            app = build_app(predictor, WebhookWorker(store, server), password, secret)
            print(f"{predictor.version} for {server.url} on http://{self.host}:{self.port}", flush=True)
            decode_apart()
            serve(app, self.host, self.port)
        return []
