"""Synthetic scenes: their truth is tight and right, and the splits share nothing."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")

from spotter.config import PRINTABLE
from spotter.data.synth import backgrounds, vocabulary
from spotter.data.synth import fonts as fonts_module
from spotter.data.synth import scene as scene_module
from spotter.data.synth.fonts import (
    SIZES,
    Fonts,
    _installed_families,
    cap_height,
    glyph,
    installed_fonts,
    is_held_out,
    stroke,
)
from spotter.data.synth.layout import Bend, Warp, _thicker, around, set_text
from spotter.data.synth.placement import STEEPEST, random_angle
from spotter.data.synth.scene import CURVED, DENSE, EASY, MIXED, SceneGenerator, render_scene
from spotter.types import GroundTruth

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(scope="module")
def scenes() -> list[scene_module.Scene]:
    return [render_scene(seed, style) for style in (MIXED, CURVED, EASY) for seed in range(25)]


def _faces(split: str = "train"):
    return [face for faces in installed_fonts(split).families for face in faces]


def _signed_area(polygon: np.ndarray) -> float:
    """Positive for clockwise polygons as seen in an image, where y points down."""
    x, y = polygon.astype(np.float64).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def test_scenes_have_words_and_the_right_form(scenes):
    for scene in scenes:
        assert scene.image.shape == (320, 320, 3)
        assert scene.image.dtype == np.uint8
    assert sum(len(scene.regions) for scene in scenes) > 3 * len(scenes)


def test_a_scene_without_words():
    for style in (replace(MIXED, negatives=1.0), replace(MIXED, words=(0, 0))):
        scene = render_scene(0, style)
        assert scene.regions == []
        assert scene.image.std() > 0


def test_small_scenes_do_not_fail():
    for seed in range(10):
        scene = render_scene(seed, replace(MIXED, height=48, width=64))
        assert scene.image.shape == (48, 64, 3)


def test_dense_scenes_have_many_words():
    scene = render_scene(0, DENSE)
    assert scene.image.shape == (720, 1280, 3)
    assert len(scene.regions) >= 45


def test_a_patient_style_finds_places_for_more_words():
    style = replace(EASY, words=(40, 40), negatives=0.0)
    few, many = (
        sum(len(render_scene(seed, replace(style, patience=patience)).regions) for seed in range(6))
        for patience in (1, 24)
    )
    assert many > 1.3 * few


def test_blocks_without_a_place_shrink_until_there_is_one():
    style = replace(EASY, words=(40, 40), text_height=(14, 60), negatives=0.0, patience=2)
    given_up, shrunk = (
        [r for seed in range(6) for r in render_scene(seed, replace(style, shrink=shrink)).regions]
        for shrink in (1.0, 0.8)
    )
    assert len(shrunk) > 1.3 * len(given_up)
    capitals = [np.ptp(r.polygon[:, 1]) for r in shrunk if r.text.isupper()]
    assert min(capitals) > 0.8 * 14


def test_a_seed_gives_the_same_scene_after_other_scenes_and_in_another_generator():
    first = render_scene(5, MIXED)
    render_scene(6, MIXED)
    for again in (render_scene(5, MIXED), SceneGenerator(MIXED).render(5)):
        assert np.array_equal(first.image, again.image)
        for one, other in zip(first.regions, again.regions, strict=True):
            assert one.text == other.text
            assert np.array_equal(one.polygon, other.polygon)
    assert not np.array_equal(first.image, render_scene(6, MIXED).image)


def test_a_seed_gives_the_same_scene_in_another_process():
    code = "import zlib; from spotter.data.synth.scene import *; print(zlib.crc32(render_scene(5).image))"
    sums = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(sums) == 1


def test_polygons_are_clockwise_and_inside_the_image(scenes):
    for region in (region for scene in scenes for region in scene.regions):
        polygon = region.polygon
        assert polygon.dtype == np.float32
        assert 4 <= len(polygon) <= 16
        assert len(polygon) % 2 == 0
        assert polygon.min() >= 0
        assert polygon.max() <= 320
        if not region.ignore:
            assert _signed_area(polygon) > 0


def test_curved_words_have_many_points():
    points = [len(region.polygon) for seed in range(10) for region in render_scene(seed, CURVED).regions]
    assert max(points) > 8
    straight = replace(MIXED, curved=0.0)
    assert {len(r.polygon) for seed in range(10) for r in render_scene(seed, straight).regions} == {4}


def test_centres_are_in_the_polygon_one_a_character(scenes):
    inside = []
    for region in (region for scene in scenes for region in scene.regions if not region.ignore):
        assert region.centres.shape == (len(region.text), 2)
        inside += [
            cv2.pointPolygonTest(region.polygon, (float(x), float(y)), False) >= 0 for x, y in region.centres
        ]
    assert np.mean(inside) > 0.98


def test_texts_are_printable_and_each_character_occurs(scenes):
    for region in (region for scene in scenes for region in scene.regions):
        assert set(region.text) <= set(PRINTABLE)
        assert bool(region.text) != region.ignore
    source, rng = vocabulary.installed_vocabulary("train"), scene_module.random.Random(0)
    assert set("".join(source.sample(rng) for _ in range(10_000))) == set(PRINTABLE)


@pytest.mark.parametrize("bend", [None, Bend("arc", 90.0), Bend("arc", -90.0), Bend("wave", 8.0, 160.0, 0.4)])
def test_polygons_are_tight_around_the_ink(bend):
    face = next(face for face in _faces() if not face.caps_only)
    sheet = set_text(scene_module.random.Random(0), face, [["Spotting"]], 30.0)
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 160], [np.sin(angle), np.cos(angle), 160], [0, 0, 1]])
    warp = Warp(np.array(sheet.size) / 2, turn, bend)
    ink, _ = warp.layers(sheet, (0, 0, 320, 320))
    polygon = warp.polygon(sheet.words[0])
    mask = np.zeros((320, 320), np.uint8)
    # Pixel (0, 0) covers 0..1, fillPoly has its centre at 0.
    cv2.fillPoly(mask, [np.round((polygon - 0.5) * 16).astype(np.int32)], 1, shift=4)
    assert ink[mask == 0].sum() < 0.01 * ink.sum()
    if bend is None:
        rows, columns = np.nonzero(ink > 100)
        points = np.stack([columns, rows], 1) + 0.5
        along = points @ [np.cos(angle), np.sin(angle)], points @ [-np.sin(angle), np.cos(angle)]
        corners = polygon @ [np.cos(angle), np.sin(angle)], polygon @ [-np.sin(angle), np.cos(angle)]
        for ink_side, side in zip(along, corners, strict=True):
            assert abs(ink_side.min() - side.min()) < 4
            assert abs(ink_side.max() - side.max()) < 4


def test_bends_are_undone_by_their_inverse():
    points = around(-60, -10, 60, 10, 9).astype(np.float64)
    for bend in (Bend("arc", 70.0), Bend("arc", -70.0), Bend("wave", 6.0, 100.0, 1.0)):
        bent = bend.forward(points)
        assert np.allclose(np.stack(bend.inverse(bent[:, 0], bent[:, 1]), 1), points, atol=1e-6)


def test_words_do_not_overlap(scenes):
    for scene in scenes:
        taken = np.zeros((320, 320), np.uint8)
        for region in scene.regions:
            mask = np.zeros_like(taken)
            cv2.fillPoly(mask, [np.round(region.polygon).astype(np.int32)], 1)
            shared = int((mask & taken).sum())
            assert shared <= 0.12 * mask.sum() + 12
            taken |= mask


def test_splits_share_no_font_word_or_background(tmp_path):
    train, held_out = ({face.family for face in _faces(split)} for split in ("train", "held_out"))
    assert not train & held_out
    assert train
    assert held_out
    sources = vocabulary.installed_vocabulary("train"), vocabulary.installed_vocabulary("held_out")
    assert not set(sources[0].common) & set(sources[1].common)
    assert len(sources[0].foreign) > 10_000
    assert not sources[1].foreign
    foreign = set(sources[0].foreign)
    drawn = [sources[0].sample(scene_module.random.Random(seed)).lower() for seed in range(2000)]
    assert 0.05 < np.mean([text in foreign for text in drawn]) < 0.15
    assert 0.08 < len(sources[1].common) / len(sources[0].common) < 0.14
    for source, wanted in zip(sources, (False, True), strict=True):
        rng = scene_module.random.Random(1)
        assert all(vocabulary.is_held_out(source.sample(rng)) is wanted for _ in range(500))
    for number in range(60):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((40, 60, 3), number * 4, np.uint8))
    paths = [set(backgrounds.Backgrounds(tmp_path, split).paths) for split in ("train", "held_out")]
    assert not paths[0] & paths[1]
    assert len(paths[0] | paths[1]) == 60
    scene = render_scene(0, replace(MIXED, backgrounds=str(tmp_path)), split="held_out")
    assert scene.image.shape == (320, 320, 3)


def test_a_folder_without_photographs_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no photograph"):
        backgrounds.Backgrounds(tmp_path)


CAPS_FAMILIES = {"bebas_neue", "bungee", "cinzel", "luckiest_guy", "permanent_marker"}  # looked at


def test_fonts_of_capitals_only_are_noticed_and_never_label_lower_case():
    from_pypi = _installed_families()
    for face in _faces("train") + _faces("held_out"):
        if face.family in from_pypi:
            assert face.caps_only == (face.family in CAPS_FAMILIES), face
    source, rng = vocabulary.installed_vocabulary("train"), scene_module.random.Random(2)
    assert not any(c.islower() for _ in range(2000) for c in source.sample(rng, caps_only=True))


def test_fonts_of_fontsource_are_trained_with_unless_they_are_held_out(tmp_path):
    """A package as npm lays it out, with a font of this machine in it."""
    some = next(face for face in _faces() if face.instance is None)
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


def test_a_font_without_letters_is_left_out(tmp_path, monkeypatch):
    """A font of icons draws the same box for every letter."""
    files = tmp_path / "icons" / "files"
    files.mkdir(parents=True)
    (tmp_path / "icons" / "metadata.json").write_text('{"category": "display", "weights": [400]}')
    shutil.copy(_faces()[0].path, files / "icons-latin-400-normal.woff2")
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


def test_no_listed_font_is_held_out_or_there_twice():
    root = Path(__file__).resolve().parents[3]
    lines = (root / "requirements-fonts.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split("/")[1].split("@")[0] for line in lines if not line.startswith("#")]
    assert len(names) == len(set(names)) > 200
    pypi = (root / "requirements-train.txt").read_text(encoding="utf-8").split()
    for name in names:
        assert not is_held_out(name.replace("-", "_")), name
        assert f"fontpkg-{name}" not in pypi


def test_a_missing_glyph_is_noticed():
    faces = [face for face in _faces("train") if face.family == "orbitron"]
    if not faces:
        pytest.skip("fontpkg-orbitron is not installed")
    assert glyph(faces[0], 32, "^") is None
    assert set_text(scene_module.random.Random(0), faces[0], [["a^b"]], 20.0) is None


def test_words_are_as_high_as_asked_for():
    face = _faces()[0]
    for height in (10.0, 25.0, 80.0):
        sheet = set_text(scene_module.random.Random(0), face, [["HE"]], height)
        _, y1, _, y2 = sheet.words[0].box
        assert y2 - y1 == pytest.approx(height, rel=0.12, abs=1.0)
        assert cap_height(face, SIZES[0]) > 15


def test_a_style_can_have_more_small_letters():
    def share_of_large(small: float) -> float:
        style = replace(
            EASY, height=512, width=512, text_height=(12, 96), small=small, rotated=0, perspective=0
        )
        regions = [r for seed in range(40) for r in SceneGenerator(style).render(seed).regions]
        return float(np.mean([np.ptp(region.polygon[:, 1]) > 48 for region in regions]))

    assert share_of_large(3.0) < 0.6 * share_of_large(1.0)


def test_command_line_writes_a_contact_sheet(tmp_path):
    out = tmp_path / "sheet.png"
    scene_module.main(["--count", "3", "--columns", "2", "--style", "easy", "--out", str(out)])
    assert cv2.imread(str(out)).shape == (1280, 1280, 3)


def test_words_are_written_beside_what_is_there():
    """On a photograph with words of its own."""
    style = replace(MIXED, height=200, width=300, words=(8, 8), text_height=(10, 24), degradation=0.0)
    left = np.array([[0, 0], [150, 0], [150, 200], [0, 200]], np.float32)
    there = [GroundTruth(left, "mine")]
    count = 0
    for seed in range(6):
        image = np.full((200, 300, 3), 128, np.uint8)
        scene = SceneGenerator(style).write(random.Random(seed), image, there, 8)
        assert scene.regions[0] is there[0]
        assert all(region.polygon[:, 0].min() >= 140 for region in scene.regions[1:])
        count += len(scene.regions) - 1
    assert count >= 6
    assert SceneGenerator(style).write(random.Random(0), image, there, 0).regions == there


def _ink(face, weight: float) -> np.ndarray:
    return set_text(random.Random(0), face, [["HoE"]], 60.0, weight=weight).layers()


def test_strokes_are_made_thinner_and_thicker_and_words_stay_where_they_are():
    faces = [face for face in _faces() if face.kind == "SANS_SERIF"]
    for face in faces[::5]:
        thin, plain, thick = (int(_ink(face, weight).sum()) for weight in (0.7, 1.0, 1.5))
        assert thin < 0.95 * plain, face
        assert plain <= thick, face  # fat ones are as fat as they may be
    assert sum(_ink(face, 1.5).sum() > 1.2 * _ink(face, 1.0).sum() for face in faces) > 0.5 * len(faces)
    words = [set_text(random.Random(0), faces[0], [["HoE"]], 60.0, weight=w).words[0] for w in (1.0, 1.5)]
    assert words[0].box.tolist() == words[1].box.tolist()


def test_hairlines_stay_and_fat_letters_stay_open():
    for face in _faces():
        plain, thin = (_ink(face, weight) for weight in (1.0, scene_module.WEIGHTS[0]))
        assert thin.sum() > 0.5 * plain.sum(), face
        assert stroke(face, SIZES[2]) > 0
        assert _thicker(face, SIZES[2], 9.0) <= max(0, 0.15 * cap_height(face, SIZES[2]) + 1)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_the_blocks_has_other_strokes(share, monkeypatch):
    weights = []

    def spy(rng, face, lines, height, outlined, weight):
        weights.append(weight)
        return set_text(rng, face, lines, height, outlined, weight)

    monkeypatch.setattr(scene_module, "set_text", spy)
    generator = SceneGenerator(replace(EASY, reweighted=share))
    for seed in range(12):
        generator.render(seed)
    assert np.mean([weight != 1 for weight in weights]) == pytest.approx(share, abs=0.2 * share)
    low, high = scene_module.WEIGHTS
    assert all(low <= weight <= high for weight in weights)


def test_letters_of_the_scenes_that_figures_are_measured_on_are_as_their_fonts_have_them():
    assert MIXED.reweighted == CURVED.reweighted == EASY.reweighted == DENSE.reweighted == 0
    assert MIXED.steep == CURVED.steep == EASY.steep == DENSE.steep == 0


@pytest.mark.parametrize("steep", [0.0, 0.5, 1.0])
def test_a_share_of_the_rotated_blocks_is_as_steep_as_words_get(steep):
    """Above 40 degrees lie two thirds of such blocks, and a quarter of the others."""
    rng = random.Random(0)
    degrees = np.abs([random_angle(rng, steep) for _ in range(4000)])
    expected = steep * (1 - 40 / STEEPEST) + (1 - steep) * 0.233
    assert (degrees > 40).mean() == pytest.approx(expected, abs=0.03)
    if steep == 1:
        assert degrees.max() <= STEEPEST
