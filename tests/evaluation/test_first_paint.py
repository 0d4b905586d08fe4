"""What is needed to measure the first paint."""

import subprocess
import sys

import pytest

from spotter.evaluation import first_paint
from spotter.evaluation.first_paint import measure_first_paint, wait_until_up


def test_without_chromium(monkeypatch):
    pytest.importorskip("playwright.sync_api")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(first_paint.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="Chromium is not installed"):
        measure_first_paint("nano")


def test_server_that_exits_is_not_waited_for():
    server = subprocess.Popen([sys.executable, "-c", ""])
    server.wait()
    with pytest.raises(RuntimeError, match="does not start"):
        wait_until_up("http://127.0.0.1:9/", server)
