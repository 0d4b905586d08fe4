"""SwinTextSpotter, opened up: the app. `python app.py --help` lists the options."""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
from dataclasses import dataclass

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import gradio as gr

from annotation.region import AnnotationError
from annotation.rounds.service import Rounds
from annotation.store.store import Store, open_store
from annotation.tabs.correct import build_correct
from annotation.tabs.panels.project import browser_memory
from annotation.tabs.panels.upload import MAX_UPLOAD
from annotation.tabs.rounds.tab import build_rounds
from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.read.tab import build_read
from spotter.tabs.shared.address import keep_tab_in_address
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.logins import LoginError, Logins, limit_logins
from spotter.tabs.shared.model_card import CardError
from spotter.tabs.shared.page import page_options
from spotter.tabs.shared.websites import keep_websites_away

MAX_QUEUE = 64  # events that may wait; edits are among them
TITLE = "SwinTextSpotter, opened up"
MASTHEAD = """<header class="masthead"><h1>Swin<span class="found">TextSpotter</span>, opened up</h1>
<p>Finds and reads the words on a photo with one network, and shows how it does it.</p></header>"""
COLOPHON = """<footer class="colophon">A re-implementation of SwinTextSpotter (Huang et al., CVPR 2022;
<a href="https://arxiv.org/abs/2203.10209">paper</a>). Photos stay on the machine that runs this page and are
deleted within a day or so; those added under Correct stay in its database.</footer>"""


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


def build(loader: Loader, store: Store) -> gr.Blocks:
    """All tabs."""
    service = Rounds(store, loader.weights)
    loader.follow(service.served)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as demo:
        gr.HTML(MASTHEAD, elem_id="masthead")
        memory = browser_memory()  # within a tab, it would be there only once that tab has been opened
        with gr.Tabs() as tabs:
            with gr.Tab("Read", id="read") as read:
                build_read(loader)
            with gr.Tab("Look inside", id="inside") as inside:
                build_look_inside(loader, inside)
            with gr.Tab("Correct", id="correct", elem_id="correct-tab") as correct:
                build_correct(loader, store, correct, memory)
            with gr.Tab("Rounds", id="rounds", elem_id="rounds-tab") as rounds:
                build_rounds(service, rounds, memory)
        gr.HTML(COLOPHON)
        keep_tab_in_address(demo, tabs, [read, inside, correct, rounds])
        # Once the first visitor has the page, so that it does not wait for torch.
        demo.load(loader.start, api_visibility="private", queue=False)
    return demo.queue(max_size=MAX_QUEUE)


def parse(arguments: list[str] | None) -> Options:
    host = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"  # Hugging Face passes no options
    parser = argparse.ArgumentParser(prog="python app.py", description=TITLE)
    parser.add_argument("--host", default=host, help="address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on")
    parser.add_argument("--weights", default="nano", metavar="nano|PATH", help="weights to read with")
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
        default=[],
        metavar="NAME",
        help="names that the page answers to, besides IP addresses and this machine's own (behind a proxy)",
    )
    parser.add_argument(
        "--embed",
        nargs="+",
        default=[],
        metavar="URL",
        help="websites that may show the page in a frame, such as https://school.example",
    )
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
    return Options(**vars(options))


def listening_address(host: str) -> str:
    """The address as Gradio takes it, IPv6 in brackets. Raises OSError if it is not one of this machine."""
    address = host.strip("[]")
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(place)
    except OSError as error:
        raise OSError(f"This machine has no address {host!r}; try --host 127.0.0.1 or 0.0.0.0.") from error
    return f"[{address}]" if ":" in address else address


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        address = listening_address(options.host)
        loader = Loader(options.weights, options.device)
        demo = build(loader, open_store(options.database))
        demo.launch(
            server_name=address,
            server_port=options.port,
            auth=options.auth.check if isinstance(options.auth, Logins) else options.auth,  # type: ignore[arg-type]  # Gradio awaits it
            max_file_size=MAX_UPLOAD,
            footer_links=["api", "settings"],
            run_history=False,
            enable_monitoring=False,
            share=False,
            app_kwargs={
                "middleware": [keep_websites_away(options.allow_host, options.embed), limit_logins()]
            },
            **page_options(),
        )
    except (OSError, CardError, AnnotationError) as error:  # missing weights or database, port in use
        print(f"python app.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
