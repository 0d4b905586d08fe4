"""The Hangul font: files, their address, and what it has."""

from __future__ import annotations

import re

import pytest
from fontTools.ttLib import TTFont
from starlette.applications import Starlette
from starlette.testclient import TestClient

from spotter.explain.canvas import HANGUL_FONT
from spotter.resources import ASSETS
from spotter.tabs.shared.fonts import FILES, HANGUL, font_faces, font_routes

SYLLABLES = set(range(ord("가"), ord("힣") + 1))


@pytest.mark.parametrize("file", [*FILES.values(), HANGUL_FONT.name])
def test_it_has_all_syllables(file):
    font = TTFont(ASSETS / "fonts" / file)
    assert not SYLLABLES - set(font.getBestCmap())
    assert font["name"].getBestFamilyName() == HANGUL
    assert "Open Font License" in (ASSETS / "fonts" / "LICENSE.txt").read_text().title()


@pytest.mark.parametrize("prefix", ["", "/words"])
def test_the_page_finds_it(prefix):
    client = TestClient(Starlette(routes=font_routes()), root_path=prefix)  # the proxy has removed it
    addresses = re.findall(r'url\("\.(/fonts/[^"]+)"\)', font_faces())
    assert len(addresses) == len(FILES)
    for address in addresses:
        response = client.get(address)
        assert response.headers["content-type"] == "font/woff2"
        assert response.content.startswith(b"wOF2")
    assert client.get("/fonts/../../app.py").status_code == 404
