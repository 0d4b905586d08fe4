"""Time until the app's page shows something, in a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from spotter.evaluation.measurements import ROOT

APP = (sys.executable, "-m", "spotter.console", "app")
START_TIMEOUT = 120  # seconds


def measure_first_paint(weights: str, visits: int = 3) -> float:
    """Seconds from opening the page to First Contentful Paint in Chromium, median; the server is running.

    Raises RuntimeError in one sentence if it cannot be measured.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RuntimeError("playwright is not installed: pip install playwright") from error
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is not installed (set CHROMIUM to its path)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    folder = tempfile.TemporaryDirectory(prefix="benchmark-")  # not the user's own database
    database = f"sqlite:///{folder.name}/annotation.db"
    server = subprocess.Popen(
        [*APP, "--port", str(port), "--weights", weights, "--database", database],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(url, server)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            milliseconds = []
            for _ in range(visits):
                page = browser.new_context().new_page()
                page.goto(url)
                page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
                milliseconds.append(
                    page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
                )
                page.context.close()
            browser.close()
        return statistics.median(milliseconds) / 1000
    finally:
        server.terminate()
        server.wait(timeout=20)
        folder.cleanup()


def wait_until_up(url: str, server: subprocess.Popen, seconds: float = START_TIMEOUT) -> None:
    """Raises RuntimeError if the server exits or does not answer in time."""
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the app does not start")
