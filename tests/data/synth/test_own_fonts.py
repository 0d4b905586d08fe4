"""Faces that draw own characters, and scenes with them."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from spotter.data.sources import Sources
from spotter.data.synth import own_fonts
from spotter.data.synth.fonts import SIZES, Face, Fonts, cap_height, glyph
from spotter.data.synth.layout import set_text
from spotter.data.synth.own_fonts import faces_with, with_own, without_font
from spotter.data.synth.scene import SceneGenerator
from spotter.data.synth.style import EASY
from spotter.data.synth.vocabulary import Vocabulary, WordLists

OWN = "éüñß"
LISTS = WordLists(("house", "information"), (0.5, 0.5), (), ("Ann",))


@pytest.fixture(scope="module")
def font() -> Path:
    """One that has accented letters, of those that training needs."""
    return Path(faces_with("é")[0].path)


@pytest.fixture
def folder(tmp_path, monkeypatch, font) -> Path:
    """The only folder with fonts."""
    monkeypatch.setattr(own_fonts, "SYSTEM_FOLDERS", {})
    monkeypatch.setattr(own_fonts, "LINUX_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(own_fonts, "FONTSOURCE", str(tmp_path / "none"))
    monkeypatch.setattr(own_fonts, "installed_families", lambda split: [])
    faces_with.cache_clear()
    yield tmp_path
    faces_with.cache_clear()


def test_no_font_and_one(folder, font):
    usual = Fonts(families=[[Face("a", str(font))]])
    assert faces_with(OWN) == ()
    assert with_own(usual, OWN) is usual
    assert without_font(OWN) == OWN
    faces_with.cache_clear()
    shutil.copy(font, folder / "Mine-Regular.ttf")
    (face,) = faces_with(OWN + "한")
    assert (face.family, face.own) == ("Mine", "".join(sorted(OWN)))
    assert without_font(OWN + "한") == "한"
    assert {with_own(usual, OWN + "한").sample(random.Random(i)).family for i in range(9)} == {"a", "Mine"}


@pytest.mark.parametrize(
    "name", ["Mine-Thin.ttf", "Mine-Italic.ttf", "mine-12-400-normal.woff2", "LastResort.otf"]
)
def test_fonts_that_are_left_out(folder, font, name):
    shutil.copy(font, folder / name)
    assert faces_with(OWN) == ()


def test_damaged_files_are_no_fonts(folder):
    (folder / "a.ttf").write_bytes(b"no font")
    assert faces_with(OWN) == ()


def test_a_font_without_english_letters_is_measured_by_its_own(font):
    """As those of Fontsource for one script."""
    face = Face("mine", str(font), own="é")
    lacking = Face("mine", str(font), own="é한")
    assert cap_height(face, SIZES[0]) > 0
    assert glyph(lacking, SIZES[0], "한") is None
    assert set_text(random.Random(0), lacking, [["한"]], 30) is None


def test_scenes_have_words_with_own_characters(font):
    face = Face("mine", str(font), own=OWN)
    vocabulary = Vocabulary("train", LISTS, own_words=["café"])
    scenes = SceneGenerator(EASY, "train", Fonts(families=[[face]]), vocabulary)
    texts = {region.text for seed in range(6) for region in scenes.render(seed).regions}
    assert any(set(text) & set(OWN) for text in texts)
    assert "café" in texts


def test_own_characters_do_not_change_what_is_held_out():
    sources = Sources(own_characters=OWN, own_words=("café",))
    assert not isinstance(sources.get_fonts("held_out"), own_fonts.FontsWithOwn)
    assert isinstance(sources.get_fonts(), own_fonts.FontsWithOwn)


def test_drawn_characters_differ_from_the_box_of_missing_ones(font):
    face = Face("mine", str(font), own=OWN)
    drawn = [glyph(face, SIZES[0], c) for c in OWN]
    assert len({np.asarray(g.mask).tobytes() for g in drawn}) == len(OWN)
