"""Fonts: which are drawn, and which belong to a split."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spotter.data.synth import fonts as fonts_module
from spotter.data.synth.fonts import (
    SIZES,
    Face,
    Fonts,
    _installed_families,
    glyph,
    installed_fonts,
    is_held_out,
)

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(scope="module")
def faces() -> list[Face]:
    return [face for faces in installed_fonts("train").families for face in faces]


def test_splits_share_no_font():
    train, held_out = (
        {face.family for faces in installed_fonts(split).families for face in faces}
        for split in ("train", "held_out")
    )
    assert train
    assert held_out
    assert not train & held_out


CAPS_FAMILIES = {"bebas_neue", "bungee", "cinzel", "luckiest_guy", "permanent_marker"}  # checked by eye


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_fonts_of_capitals_only_are_recognised(split):
    from_pypi = _installed_families()
    for face in (face for faces in installed_fonts(split).families for face in faces):
        if face.family in from_pypi:
            assert face.caps_only == (face.family in CAPS_FAMILIES), face


def test_fonts_of_fontsource_are_trained_with_unless_they_are_held_out(tmp_path, faces):
    """A package as npm lays it out, with a font of this machine in it."""
    some = next(face for face in faces if face.instance is None)
    for family in ("new-family", "zilla-slab"):  # the second belongs to the held-out split
        files = tmp_path / family / "files"
        files.mkdir(parents=True)
        metadata = {"category": "sans-serif", "weights": [300, 400, 700]}
        (tmp_path / family / "metadata.json").write_text(json.dumps(metadata))
        for weight in metadata["weights"]:
            shutil.copy(some.path, files / f"{family}-latin-{weight}-normal.woff2")
    assert is_held_out("zilla_slab")
    both = Fonts("train", str(tmp_path))
    added = {faces[0].family for faces in both.families if str(tmp_path) in faces[0].path}
    assert added == {"new_family"}
    assert len(both.families) == len(Fonts("train").families) + 1
    new = next(faces for faces in both.families if faces[0].family == "new_family")
    assert [Path(face.path).name.split("-")[3] for face in new] == ["400", "700"]  # no thin one
    assert all(face.kind == "SANS_SERIF" and glyph(face, SIZES[0], "H") is not None for face in new)


def test_a_font_without_letters_is_left_out(tmp_path, monkeypatch, faces):
    """A font of icons draws the same box for every letter."""
    files = tmp_path / "icons" / "files"
    files.mkdir(parents=True)
    (tmp_path / "icons" / "metadata.json").write_text('{"category": "display", "weights": [400]}')
    shutil.copy(faces[0].path, files / "icons-latin-400-normal.woff2")
    assert "icons" in {faces[0].family for faces in Fonts("train", str(tmp_path)).families}
    box = fonts_module._draw

    def draw(font, size, text):
        return box(font, size, text if "icons" not in str(font.path) else "\U000f1234")

    fonts_module.glyph.cache_clear()
    monkeypatch.setattr(fonts_module, "_draw", draw)
    assert "icons" not in {faces[0].family for faces in Fonts("train", str(tmp_path)).families}
    fonts_module.glyph.cache_clear()


def test_a_folder_without_fonts_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no font"):
        Fonts("train", str(tmp_path))


def test_no_font_of_the_requirements_is_held_out_or_listed_twice():
    root = Path(__file__).resolve().parents[3]
    lines = (root / "requirements-fonts.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split("/")[1].split("@")[0] for line in lines if not line.startswith("#")]
    assert len(names) == len(set(names)) > 200
    pypi = (root / "requirements-train.txt").read_text(encoding="utf-8").split()
    for name in names:
        assert not is_held_out(name.replace("-", "_")), name
        assert f"fontpkg-{name}" not in pypi
