"""Scenes: their ground truth is tight and right, and a seed gives one scene."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")

from spotter.config import PRINTABLE
from spotter.data.synth import scene as scene_module
from spotter.data.synth import vocabulary
from spotter.data.synth.fonts import (
    _installed_families,
)
from spotter.data.synth.layout import set_text
from spotter.data.synth.scene import STROKE_WEIGHT, SceneGenerator, main, render_scene
from spotter.data.synth.style import CURVED, DENSE, EASY, MIXED
from spotter.ops.polygons import signed_area
from spotter.types import GroundTruth

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(scope="module")
def scenes() -> list[scene_module.Scene]:
    return [render_scene(seed, style) for style in (MIXED, CURVED, EASY) for seed in range(25)]


def test_scenes_have_words_and_the_right_shape(scenes):
    for scene in scenes:
        assert scene.image.shape == (320, 320, 3)
        assert scene.image.dtype == np.uint8
    assert sum(len(scene.regions) for scene in scenes) > 3 * len(scenes)


def test_a_scene_without_words():
    for style in (replace(MIXED, negatives=1.0), replace(MIXED, words=(0, 0))):
        scene = render_scene(0, style)
        assert scene.regions == []
        assert scene.image.std() > 0


def test_held_out_scenes_have_held_out_texts():
    texts = [
        r.text for seed in range(4) for r in render_scene(seed, EASY, split="held_out").regions if r.text
    ]
    assert len(texts) > 8
    assert all(vocabulary.is_held_out(text) for text in texts)


def test_small_scenes_do_not_fail():
    for seed in range(10):
        scene = render_scene(seed, replace(MIXED, height=48, width=64))
        assert scene.image.shape == (48, 64, 3)


def test_dense_scenes_have_many_words():
    scene = render_scene(0, DENSE)
    assert scene.image.shape == (720, 1280, 3)
    assert len(scene.regions) >= 45


def test_a_patient_style_finds_room_for_more_words():
    style = replace(EASY, words=(40, 40), negatives=0.0)
    few, many = (
        sum(len(render_scene(seed, replace(style, patience=patience)).regions) for seed in range(6))
        for patience in (1, 24)
    )
    assert many > 1.3 * few


def test_blocks_shrink_until_there_is_room():
    style = replace(EASY, words=(40, 40), text_height=(14, 60), negatives=0.0, patience=2)
    dropped, shrunk = (
        [r for seed in range(6) for r in render_scene(seed, replace(style, shrink=shrink)).regions]
        for shrink in (1.0, 0.8)
    )
    assert len(shrunk) > 1.3 * len(dropped)
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
            assert signed_area(polygon) > 0


def test_curved_words_have_many_points():
    points = [len(region.polygon) for seed in range(10) for region in render_scene(seed, CURVED).regions]
    assert max(points) > 8
    straight = replace(MIXED, curved=0.0)
    assert {len(r.polygon) for seed in range(10) for r in render_scene(seed, straight).regions} == {4}


def test_there_is_one_centre_per_character_inside_the_polygon(scenes):
    inside = []
    for region in (region for scene in scenes for region in scene.regions if not region.ignore):
        assert region.centres.shape == (len(region.text), 2)
        inside += [
            cv2.pointPolygonTest(region.polygon, (float(x), float(y)), False) >= 0 for x, y in region.centres
        ]
    assert np.mean(inside) > 0.98


def test_texts_are_printable(scenes):
    for region in (region for scene in scenes for region in scene.regions):
        assert set(region.text) <= set(PRINTABLE)
        assert bool(region.text) != region.ignore


def test_words_do_not_overlap(scenes):
    for scene in scenes:
        covered = np.zeros((320, 320), np.uint8)
        for region in scene.regions:
            mask = np.zeros_like(covered)
            cv2.fillPoly(mask, [np.round(region.polygon).astype(np.int32)], 1)
            shared = int((mask & covered).sum())
            assert shared <= 0.12 * mask.sum() + 12
            covered |= mask


def test_a_style_can_have_more_small_letters():
    def share_of_large(small: float) -> float:
        style = replace(
            EASY, height=512, width=512, text_height=(12, 96), small=small, rotated=0, perspective=0
        )
        regions = [r for seed in range(40) for r in SceneGenerator(style).render(seed).regions]
        return float(np.mean([np.ptp(region.polygon[:, 1]) > 48 for region in regions]))

    assert share_of_large(3.0) < 0.6 * share_of_large(1.0)


def test_words_are_written_outside_existing_regions():
    """On a photograph with words of its own."""
    style = replace(MIXED, height=200, width=300, words=(8, 8), text_height=(10, 24), degradation=0.0)
    left = np.array([[0, 0], [150, 0], [150, 200], [0, 200]], np.float32)
    existing = [GroundTruth(left, "mine")]
    count = 0
    for seed in range(6):
        image = np.full((200, 300, 3), 128, np.uint8)
        scene = SceneGenerator(style).write(random.Random(seed), image, existing, 8)
        assert scene.regions[0] is existing[0]
        assert all(region.polygon[:, 0].min() >= 140 for region in scene.regions[1:])
        count += len(scene.regions) - 1
    assert count >= 6
    assert SceneGenerator(style).write(random.Random(0), image, existing, 0).regions == existing


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
    low, high = STROKE_WEIGHT
    assert all(low <= weight <= high for weight in weights)


def test_the_command_writes_a_contact_sheet(tmp_path):
    out = tmp_path / "sheet.png"
    assert main(["--count", "3", "--columns", "2", "--style", "easy", "--out", str(out)]) == 0
    assert cv2.imread(str(out)).shape == (1280, 1280, 3)


def test_the_command_measures_speed(capsys):
    assert main(["--count", "2", "--style", "easy", "--speed"]) == 0
    assert re.fullmatch(r"[0-9.]+ scenes/s, [0-9.]+ words per scene\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "--backgrounds", "/nowhere"], "no photograph of the train split in /nowhere"),
        (["--count", "1", "--out", "/nowhere/sheet.png"], "/nowhere/sheet.png cannot be written"),
    ],
)
def test_the_command_reports_bad_input_in_one_sentence(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize("arguments", [[], ["--speed", "--count", "0"], ["--speed", "--columns", "0"]])
def test_the_command_refuses_useless_options(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "--" in capsys.readouterr().err
