"""The command line of the app; each option can also be an environment variable."""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass

from spotter.program import program_name
from spotter.tabs.shared import hugging_face
from spotter.tabs.shared.environment import read_environment
from spotter.tabs.shared.logins import LoginError, Logins
from spotter.tabs.shared.visitor import HUGGING_FACE, LOGIN

TITLE = "SwinTextSpotter, opened up"


@dataclass(frozen=True)
class Options:
    """The command line."""

    host: str
    port: int
    weights: str  # built-in name or path
    database: str | None  # URL; None: SQLite in the user's data folder
    device: str | None  # None: a GPU if there is one
    auth: tuple[str, str] | Logins | None  # user and password, or several
    allow_host: list[str]  # names that the page answers to, see `keep_websites_away`
    embed: list[str]  # websites that may show the page in a frame
    root_path: str  # prefix of the page's address behind a proxy that removes it; "": none
    mcp: bool  # whether assistants may read photos
    demo: bool  # visitors have photos of their own in Correct, for a day
    any_server: bool  # visitors may name a Label Studio server
    user_header: str  # in which a trusted proxy names who has logged in there; "": none

    @property
    def has_logins(self) -> bool:
        return self.auth is not None or bool(self.user_header)

    @property
    def offers_sign_in(self) -> bool:
        """With Hugging Face."""
        return hugging_face.is_offered() and not self.has_logins

    @property
    def requires_sign_in(self) -> bool:
        return self.offers_sign_in and not self.demo

    @property
    def source_of_names(self) -> str:
        """See `name_people_by`."""
        if isinstance(self.auth, Logins):
            return LOGIN
        return HUGGING_FACE if self.offers_sign_in else self.user_header


def parse(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog=program_name("app"),
        description=TITLE,
        epilog="Each option can also be an environment variable: SPOTTER_PORT=8000 for --port 8000.",
    )
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port to listen on")
    parser.add_argument("--root-path", metavar="PATH", help="prefix of the page's address behind a proxy")
    parser.add_argument("--mcp", action="store_true", help="offer reading as a tool to assistants (MCP)")
    parser.add_argument("--weights", metavar="nano|PATH", help="weights to read with")
    parser.add_argument(
        "--database", metavar="URL", help="database of the corrections (default: SQLite in your data folder)"
    )
    parser.add_argument("--device", help="cpu, cuda, ... (default: a GPU if there is one)")
    parser.add_argument(
        "--auth",
        metavar="FILE|USER:PASSWORD",
        help="ask visitors for a login of this file (see spotter.tabs.shared.logins), or for this one, which "
        "everybody on this machine can read",
    )
    parser.add_argument(
        "--allow-host",
        nargs="+",
        metavar="NAME",
        help="names that the page answers to, besides IP addresses and this machine's own (behind a proxy)",
    )
    parser.add_argument(
        "--embed",
        nargs="+",
        metavar="URL",
        help="websites that may show the page in a frame, such as https://school.example",
    )
    parser.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        help="for strangers: in Correct, everybody has photos of their own, which are deleted after a day "
        "(default: on a Hugging Face Space without --database and logins)",
    )
    parser.add_argument(
        "--any-server",
        action="store_true",
        help="let visitors push to and pull from any Label Studio server; without it, only that of "
        "LABEL_STUDIO_URL, unless the page is for this machine alone",
    )
    parser.add_argument(
        "--user-header",
        metavar="NAME",
        help="header in which a proxy that asks for logins names people, such as X-Forwarded-User; the proxy "
        "must remove it from what visitors send",
    )
    try:
        parser.set_defaults(**read_environment().model_dump())
    except ValueError as error:
        parser.error(str(error))
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error(f"--port must be between 1 and 65535, not {options.port}.")
    if options.auth is not None:
        user, _, password = options.auth.partition(":")
        if os.path.isfile(options.auth) or not (user and password):
            try:
                options.auth = Logins(options.auth)
            except LoginError as error:
                parser.error(f"--auth takes a file of logins or USER:PASSWORD. {error}")
        else:
            options.auth = (user, password)
    for website in options.embed:
        if not re.fullmatch(r"https?://[^\s;,/]+", website):
            parser.error(f"--embed takes addresses such as https://school.example, not {website!r}.")
    if options.user_header and not re.fullmatch(r"[A-Za-z0-9-]+", options.user_header):
        parser.error(f"--user-header takes a name such as X-Forwarded-User, not {options.user_header!r}.")
    if options.user_header and options.auth is not None:
        parser.error("--auth and --user-header are two ways to log in; choose one.")
    if options.demo and options.database:
        parser.error("--demo keeps nothing, so it takes no --database.")
    if options.demo is None:
        is_open = not (options.database or options.auth or options.user_header)
        options.demo = "SPACE_ID" in os.environ and is_open
    chosen = Options(**vars(options))
    if chosen.mcp and (chosen.has_logins or chosen.requires_sign_in):
        parser.error("--mcp is for a page without logins: assistants cannot log in.")
    return chosen
