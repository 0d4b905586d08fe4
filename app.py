"""SwinTextSpotter, opened up: the app. `python app.py --help` lists the options."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import gradio as gr

from annotation.region import AnnotationError
from annotation.rounds.service import Rounds
from annotation.store.database import APP, app_url, space_storage
from annotation.store.store import Store, open_store
from annotation.tabs.correct import build_correct
from annotation.tabs.panels.project import browser_memory
from annotation.tabs.panels.upload import MAX_UPLOAD
from annotation.tabs.rounds.tab import build_rounds
from annotation.tabs.visitor_stores import VisitorStores, tell_visitors_apart
from spotter.decoding import decode_apart
from spotter.language import ENGLISH, LANGUAGES, speaking, tr
from spotter.memory import retain_freed_memory
from spotter.program import program_name
from spotter.tabs.look_inside.comparison import nothing_offered
from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.read.tab import build_read
from spotter.tabs.shared import hugging_face
from spotter.tabs.shared.address import keep_tab_in_address
from spotter.tabs.shared.app_options import TITLE, Options, parse
from spotter.tabs.shared.fair_queue import share_queue
from spotter.tabs.shared.fonts import font_routes
from spotter.tabs.shared.health import health_routes
from spotter.tabs.shared.languages import LanguagePages, choose_language, language_links
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.logins import Logins, limit_logins
from spotter.tabs.shared.model_card import CardError
from spotter.tabs.shared.page import page_options
from spotter.tabs.shared.page_turns import make_pages_in_turn
from spotter.tabs.shared.private_paths import make_paths_private
from spotter.tabs.shared.small_sessions import make_sessions_small
from spotter.tabs.shared.temporary_files import own_folder, sweep_hourly, use_own_folder
from spotter.tabs.shared.upload_limits import limit_uploads
from spotter.tabs.shared.visitor import login_name, name_people_by, require_header
from spotter.tabs.shared.websites import keep_websites_away

MAX_SESSIONS = 500  # pages that are remembered; each takes about 1 MB
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def build(
    loader: Loader, store: Store | VisitorStores, any_server: bool = True, signs_in: bool = False
) -> gr.Blocks:
    """All tabs, but no Rounds in a demo. `any_server`: visitors may name any Label Studio server; `signs_in`:
    everybody signs in with Hugging Face, and there is a button to sign out.
    """
    service = None if isinstance(store, VisitorStores) else Rounds(store, loader.weights)
    if service:
        loader.follow(service.served)
    with LanguagePages(title=TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as demo:
        build_page(demo, loader, store, service, any_server, signs_in)
    for language, name in LANGUAGES.items():
        if language != ENGLISH:
            with demo.route(name, language, show_in_navbar=False), speaking(language):
                build_page(demo, loader, store, service, any_server, signs_in)
    hugging_face.hide_from_api(demo)
    return share_queue(demo)


def build_page(
    demo: gr.Blocks,
    loader: Loader,
    store: Store | VisitorStores,
    service: Rounds | None,
    any_server: bool,
    signs_in: bool,
) -> None:
    """The tabs in the current language; without a `service` there is no Rounds."""
    gr.HTML(masthead(), elem_id="masthead")
    memory = browser_memory()  # within a tab, it would be there only once that tab has been opened
    with gr.Tabs() as tabs:
        with gr.Tab(tr("Read"), id="read") as read:
            build_read(loader)
        with gr.Tab(tr("Look inside"), id="inside", elem_id="inside-tab") as inside:
            build_look_inside(loader, inside, service.offered if service else nothing_offered)
        with gr.Tab(tr("Correct"), id="correct", elem_id="correct-tab") as correct:
            build_correct(loader, store, correct, memory, any_server)
        shown = [read, inside, correct]
        if service:
            with gr.Tab(tr("Rounds"), id="rounds", elem_id="rounds-tab") as rounds:
                build_rounds(service, rounds, memory)
            shown.append(rounds)
    if signs_in:
        hugging_face.sign_in_button()
    gr.HTML(colophon(keeps_photos=service is not None))
    keep_tab_in_address(demo, tabs, shown)
    # Once the first visitor has the page, so that it does not wait for torch.
    demo.load(loader.start, api_visibility="private", queue=False)


def masthead() -> str:
    sentence = tr("Finds and reads the words on a photo with one network, and shows how it does it.")
    name = f'<h1>Swin<span class="found">TextSpotter</span>{tr(", opened up")}</h1>'
    return f'<header class="masthead">{name}<p>{sentence}</p>{language_links()}</header>'


def colophon(keeps_photos: bool) -> str:
    """keeps_photos: those added under Correct stay."""
    source = tr(
        "A re-implementation of SwinTextSpotter (Huang et al., CVPR 2022; {paper}).",
        paper=f'<a href="https://arxiv.org/abs/2203.10209">{tr("paper")}</a>',
    )
    photos = (
        tr(
            "Photos stay on the machine that runs this page and are deleted within a day or so; those added "
            "under Correct stay in its database."
        )
        if keeps_photos
        else tr("Photos stay on the machine that runs this page and are deleted within a day or so.")
    )
    return f'<footer class="colophon">{source} {photos}</footer>'


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


def kept_folder(options: Options) -> Path | None:
    """Where a demo keeps the photos of people who have signed in; None if there is no such place."""
    storage = space_storage()
    if storage is None or not options.offers_sign_in:
        return None
    folder = storage / APP / "people"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    retain_freed_memory()  # before there are threads
    try:
        address = listening_address(options.host)
        temporary = use_own_folder()
        loader = Loader(options.weights, options.device)
        store: Store | VisitorStores
        folders = [temporary]
        if options.demo:
            folders.append(own_folder("swintextspotter-demo"))
            store = visitors = VisitorStores(folders[-1], kept_folder(options), options.offers_sign_in)
            visitors.sweep_regularly()
            reach_database = visitors.check
        else:
            store = kept = open_store(options.database or app_url())
            kept.person = login_name

            def reach_database() -> None:
                kept.engine.connect().close()

        is_local = address.strip("[]") in LOOPBACK and not options.demo
        demo = build(loader, store, options.any_server or is_local, options.requires_sign_in)
        name_people_by(options.source_of_names)
        decode_apart()
        make_paths_private()
        make_sessions_small()
        sweep_hourly(temporary)
        demo.launch(
            server_name=address,
            server_port=options.port,
            auth=options.auth.check if isinstance(options.auth, Logins) else options.auth,  # type: ignore[arg-type]  # Gradio awaits it
            max_file_size=MAX_UPLOAD,
            allowed_paths=[str(temporary)],  # Gradio refuses whole folders with a dotfile in them otherwise
            footer_links=["api", "settings"],
            run_history=False,
            enable_monitoring=False,
            share=False,
            _frontend=False,  # Gradio's check whether the page answers gives up after 3 seconds
            root_path=options.root_path or None,
            mcp_server=options.mcp,
            app_kwargs={
                "routes": [*health_routes(loader, reach_database), *font_routes()],
                "middleware": [
                    keep_websites_away(options.allow_host, options.embed),
                    choose_language(options.root_path),
                    limit_logins(),
                    limit_uploads(*folders),
                    make_pages_in_turn(),
                    *([require_header(options.user_header)] if options.user_header else []),
                    *([hugging_face.require_sign_in()] if options.requires_sign_in else []),
                    *([tell_visitors_apart(in_frames="SPACE_ID" in os.environ)] if options.demo else []),
                ],
            },
            state_session_capacity=MAX_SESSIONS,
            **page_options(),
        )
    except (OSError, CardError, AnnotationError) as error:  # missing weights or database, port in use
        print(f"{program_name('app')}: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
