"""Images to evaluate on."""

import itertools

import numpy as np
import pytest
from PIL import Image

from spotter.data.icdar import AnnotatedImage
from spotter.data.synth.backgrounds import is_held_out
from spotter.evaluation.image_sets import photographs, photographs_without_text, rendered_scenes
from spotter.images import ImageError


def test_photographs_are_upright(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # orientation: a quarter turn
    Image.new("RGB", (64, 32)).save(tmp_path / "a.png", exif=exif)
    ((image, regions),) = photographs([AnnotatedImage(tmp_path / "a.png", [])])
    assert image.shape == (64, 32, 3)
    assert regions == []


def test_broken_photograph_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not an image")
    with pytest.raises(ImageError, match=r"a\.png: The file is not an image"):
        list(photographs([AnnotatedImage(tmp_path / "a.png", [])]))


def test_photographs_without_text_are_held_out_of_training(tmp_path):
    names = [f"{k}.png" for k in range(40)]
    for name in names:
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    found = photographs_without_text(tmp_path)
    assert {sample.image.name for sample in found} == {name for name in names if is_held_out(name)}
    assert 0 < len(found) < 40
    assert all(sample.regions == [] for sample in found)


def test_photographs_that_show_text_are_left_out(tmp_path):
    for name in ("21077.jpg", "35028.jpg"):  # a race track with advertising, a caterpillar; both held out
        Image.new("RGB", (8, 8)).save(tmp_path / name)
        assert is_held_out(name)
    assert [sample.image.name for sample in photographs_without_text(tmp_path)] == ["35028.jpg"]


def test_folder_without_photographs(tmp_path):
    with pytest.raises(ValueError, match="holds no photograph"):
        photographs_without_text(tmp_path)


def test_styles_alternate():
    pytest.importorskip("faker")
    scenes = list(rendered_scenes(["easy", "mixed"], 3, seed=7))
    assert len(scenes) == 3
    for style, (k, (image, _)) in zip(itertools.cycle(["easy", "mixed"]), enumerate(scenes), strict=False):
        ((alone, _),) = rendered_scenes([style], 1, seed=7 + k)
        assert np.array_equal(image, alone)


def test_unknown_style():
    with pytest.raises(ValueError, match="There is no style baroque; expected one of curved, dense"):
        rendered_scenes(["baroque"], 1)
