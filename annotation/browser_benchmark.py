"""Speed of the Correct tab in a real Chromium: `python -m annotation.benchmark --browser`.

One photo with many regions of many corners, in the real app. A key has returned when the browser has drawn
what it changed; an edit is saved when the page says so. Edits are measured when the spotter is loaded: in the
seconds before, which follow each start of the app, importing torch slows the server down.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.error import URLError

import numpy as np
from PIL import Image

from annotation.region import AnnotationError, Region
from annotation.store.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 1400, 1000  # pixels of the photo
COLUMNS, LINE = 28, 36  # words of a line; pixels from line to line
CORNERS = 14  # of a word: a band with seven points above and seven below
REPEATS = 9  # keys per measurement, after one that is not counted
START_SECONDS = 180  # until the app answers
TIMEOUT = 60_000  # milliseconds of a step in the browser
VIEWPORT = (1280, 900)

# `drawn`: milliseconds from the next key until the page is drawn; `saved`: until it says that it is saved.
WATCH = """() => {
    const pill = document.querySelector("#correct-editor .pill");
    window.watchKey = () => {
        window.drawn = new Promise((resolve) => addEventListener("keydown", (event) => {
            requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => resolve(performance.now() - event.timeStamp);
                port2.postMessage(0);
            });
            window.saved = new Promise((saved) => new MutationObserver((_, observer) => {
                if (pill.dataset.state !== "saved") return;
                observer.disconnect();
                saved(performance.now() - event.timeStamp);
            }).observe(pill, { attributes: true }));
        }, { capture: true, once: true }));
    };
}"""
NO_CHROMIUM = "--browser needs Chromium: install it (apt-get install chromium) or name it in CHROMIUM."


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one kind of action."""

    name: str
    median: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class RunningApp:
    """A process."""

    address: str
    pid: int


def measure_browser(folder: Path, regions: int) -> Iterator[Timing]:
    """Starts the app and a browser; `folder`: of the database. Raises AnnotationError."""
    url = f"sqlite:///{folder / 'browser.db'}"
    with Store(url) as store:
        fill_page(store, regions)
    with browser_page() as page, app(url, folder / "app.log") as running:
        page.goto(running.address)
        yield from measure_page(page, regions, lambda: wait_until_loaded(running.address))


def fill_page(store: Store, regions: int) -> None:
    """One photo with this many regions, as a model found them."""
    pixels = np.random.default_rng(0).integers(160, 220, (HEIGHT, WIDTH, 3), np.uint8)
    path = store.images.folder.with_suffix(".png")
    Image.fromarray(pixels).save(path)
    image, _ = store.add_image(store.ensure_project("default"), path, "dense page.png")
    store.add_prediction(image.id, "benchmark", [band(number) for number in range(regions)])


def band(number: int) -> Region:
    """A word as a model finds it, with CORNERS corners."""
    x, y = 20.0 + 48 * (number % COLUMNS), 30.0 + LINE * (number // COLUMNS)
    half = CORNERS // 2
    xs = [round(x + 42 * i / (half - 1), 1) for i in range(half)]
    bend = [round(2.5 * abs(i - half // 2) / half, 1) for i in range(half)]
    upper = [[a, y + b] for a, b in zip(xs, bend, strict=True)]
    lower = [[a, y + 12 + b] for a, b in zip(xs, bend, strict=True)]
    return Region(upper + lower[::-1], f"word{number}", score=0.9, reading_score=0.8)


@contextmanager
def app(url: str, log: Path) -> Iterator[RunningApp]:
    """`python app.py` on a free port. Raises AnnotationError."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py", "--port", str(port), "--database", url]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/", process, log)
        yield RunningApp(f"http://127.0.0.1:{port}/", process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_until_up(address: str, process: subprocess.Popen, log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    said = log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
    raise AnnotationError(f"The app did not start: {said[-1]}")


@contextmanager
def browser_page() -> Iterator[Page]:
    """Raises AnnotationError if there is no browser."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise AnnotationError("--browser needs playwright: pip install playwright.") from error
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is not None and not os.path.isfile(path):
        raise AnnotationError(NO_CHROMIUM)
    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        except Error as error:
            raise AnnotationError(NO_CHROMIUM) from error
        page = browser.new_page(viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]})
        page.set_default_timeout(TIMEOUT)
        yield page
        browser.close()


def wait_until_loaded(address: str) -> None:
    """Until the spotter of the app is loaded."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        with urllib.request.urlopen(f"{address}health", timeout=5) as answer:
            if json.load(answer)["spotter_loaded"]:
                return
        time.sleep(0.2)
    raise AnnotationError("The spotter was not loaded in time.")


def measure_page(page: Page, regions: int, wait: Callable[[], None]) -> Iterator[Timing]:
    """`wait` returns when edits can be measured."""
    page.get_by_role("tab", name="Correct").wait_for()
    begin = time.perf_counter()
    page.get_by_role("tab", name="Correct").click()
    page.wait_for_function("count => document.querySelectorAll('.words .word').length === count", arg=regions)
    opened = 1000 * (time.perf_counter() - begin)
    yield Timing("open the tab", opened, opened, opened)
    wait()
    page.evaluate(WATCH)
    page.locator("svg.photo").focus()
    page.keyboard.press("Home")
    yield key_timing(page, "next word (Tab)", "Tab")
    yield from edit_timing(page, "illegible (i)", ["i"])
    page.keyboard.press("Enter")
    yield key_timing(page, "a letter in the text field", "x")
    yield from edit_timing(page, "changed text, next word (Tab)", ["y", "Tab"])


def key_timing(page: Page, name: str, key: str) -> Timing:
    return _timing(name, [press(page, key) for _ in range(REPEATS + 1)])


def edit_timing(page: Page, name: str, keys: list[str]) -> Iterator[Timing]:
    """The last key makes an edit: until it is drawn, and until it is saved."""
    drawn, saved = [], []
    for _ in range(REPEATS + 1):
        for key in keys[:-1]:
            press(page, key)
        drawn.append(press(page, keys[-1]))
        saved.append(page.evaluate("() => saved"))
    yield _timing(name, drawn)
    yield _timing("  saved", saved)


def press(page: Page, key: str) -> float:
    """Milliseconds from the key until the page is drawn."""
    page.evaluate("() => watchKey()")
    page.keyboard.press(key)
    return page.evaluate("() => drawn")


def _timing(name: str, times: list[float]) -> Timing:
    counted = times[1:]
    return Timing(name, median(counted), min(counted), max(counted))
