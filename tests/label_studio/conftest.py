"""A real Label Studio on loopback, with SQLite in its own folder; the migrated database is reused."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError

import pytest

from annotation.label_studio.client import Server

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-label-studio"
PROGRAM = VENV / "bin/label-studio"
DATABASE = "label_studio.sqlite3"
TEMPLATE = VENV / "migrated"  # a data folder after the first start, which takes a minute or more
FILES = "exported"  # folder in the data folder whose files it serves
USER, PASSWORD, TOKEN = "ann@example.org", "not-a-secret-1", "0123456789abcdef0123456789abcdef01234567"
FIRST_START, START = 600, 240  # seconds; the machine may be busy with other work


@pytest.fixture(scope="session")
def url(tmp_path_factory) -> Iterator[str]:
    """URL of a Label Studio that runs for all tests."""
    if not PROGRAM.is_file():
        pytest.skip("Label Studio is not installed; `make test` does it (1 GB)")
    with label_studio(tmp_path_factory.getbasetemp() / "label-studio") as address:
        yield address


@pytest.fixture
def served(tmp_path_factory) -> Path:
    """The folder whose files Label Studio serves."""
    return tmp_path_factory.getbasetemp() / "label-studio" / FILES


@pytest.fixture
def server(url) -> Server:
    return Server(url, TOKEN)


@pytest.fixture
def open_page(browser, url) -> Iterator[Callable]:
    """Opens pages of Label Studio as Ann, and asserts that none sends requests to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    foreign_requests = []

    def watch(request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            foreign_requests.append(request.url)

    page.on("request", watch)
    page.goto(f"{url}/user/login/")
    page.fill("input[name=email]", USER)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)

    def go(path: str):
        page.goto(url + path)
        return page

    yield go
    context.close()
    assert foreign_requests == []


@contextmanager
def label_studio(folder: Path) -> Iterator[str]:
    """URL of a server that keeps its data in the new folder."""
    first = not TEMPLATE.is_dir()
    if not first:
        shutil.copytree(TEMPLATE, folder)
    with _running(folder, FIRST_START if first else START) as url:
        if first:
            made = VENV / f"migrating-{os.getpid()}"
            made.mkdir()
            with (
                closing(sqlite3.connect(folder / DATABASE)) as source,
                closing(sqlite3.connect(made / DATABASE)) as copy,
            ):
                source.backup(copy)
            made.rename(TEMPLATE)
        yield url


@contextmanager
def _running(folder: Path, seconds: int) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{(port := _free_port())}"
    settings = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_USERNAME": USER,
        "LABEL_STUDIO_PASSWORD": PASSWORD,
        "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",  # read at the first start alone
        "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "false",  # our ML backend runs on loopback
        "SSRF_PROTECTION_ENABLED": "false",  # and so do its webhooks
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder / FILES),
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    command = [
        PROGRAM,
        "start",
        "--no-browser",
        "--internal-host",
        "127.0.0.1",
        "--port",
        str(port),
        "--host",
        url,
    ]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log, cwd=folder)
        try:
            _wait(f"{url}/health", process, folder / "log.txt", seconds)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(url: str, process: subprocess.Popen, log: Path, seconds: int) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"Label Studio did not come up:\n{log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
