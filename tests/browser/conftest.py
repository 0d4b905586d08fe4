"""The real app as a process of its own, and a real headless Chromium."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest

from spotter.tabs.shared.small_sessions import make_sessions_small

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def small_sessions() -> None:
    """As in app.py: else each page that is opened takes half a second more."""
    make_sessions_small()


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    return find_port()


class AppProcess:
    """`python app.py` as a process of its own, which can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = find_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.database = f"sqlite:///{folder}/app.db"
        self.log = folder / "log.txt"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "app.py", "--port", str(self.port), "--database", self.database]
        with self.log.open("a") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        wait_until_up(self.url, self.process, self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@pytest.fixture(scope="session")
def app_url(tmp_path_factory) -> Iterator[str]:
    """The app with the built-in weights and an empty database."""
    app = AppProcess(tmp_path_factory.mktemp("app"))
    try:
        app.start()
        yield app.url
    finally:
        app.stop()


def wait_until_up(url: str, process: subprocess.Popen, log: Path, seconds: float = 120) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The app did not come up:\n{log.read_text()}")


@pytest.fixture(scope="session")
def contexts(browser) -> Iterator[list]:
    """For the first, second, ... page of every test: in a new one gradio's scripts are compiled again."""
    contexts: list = []
    yield contexts
    for context in contexts:
        context.close()


@pytest.fixture
def new_page(browser, contexts) -> Iterator[Callable]:
    """Opens empty pages, each of another visitor, who has not been there before."""
    used = []

    def open_one(url: str, width: int, height: int):
        if len(used) == len(contexts):
            contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        used.append(context := contexts[len(used)])
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        address = urlsplit(url)
        origin = f"{address.scheme}://{address.netloc}"
        forget = {"origin": origin, "storageTypes": "cookies,local_storage"}
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", forget)
        return page

    yield open_one
    for context in used:
        for page in context.pages:
            page.close()
        context.set_offline(False)
        context.clear_permissions()


@pytest.fixture
def open_page(new_page) -> Iterator[Callable]:
    """Opens pages; at the end no page has sent a request to another host or logged an error."""
    pages, strangers, errors = [], [], []

    def watch_request(request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            strangers.append(request.url)

    def open_one(url: str, width: int = 1280, height: int = 900):
        page = new_page(url, width, height)
        pages.append(page)
        page.set_default_timeout(60_000)
        page.on("request", watch_request)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_selector(".overlay")
        return page

    yield open_one
    for page in pages:
        page.close()
    assert strangers == []
    assert errors == []
