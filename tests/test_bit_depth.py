"""Images of 16 bits per channel, whose values may use fewer."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from spotter.bit_depth import DEPTHS, has_deep_colours, to_uint8
from spotter.images import read_image

SHAPE = (6, 8)


def colours(bits: int) -> np.ndarray:
    """RGB that uses so many bits."""
    array = np.random.default_rng(bits).integers(0, 2**bits, (*SHAPE, 3)).astype(np.uint16)
    array[0, 0] = 2**bits - 1
    return array


def encode(ending: str, *frames: np.ndarray) -> bytes:
    bgr = [frame[..., [2, 1, 0, *range(3, frame.shape[2])]] for frame in frames]
    ok, data = cv2.imencodemulti(ending, bgr) if len(bgr) > 1 else cv2.imencode(ending, bgr[0])
    assert ok
    return data.tobytes()


def chunk(name: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_colours_are_stretched_by_the_bits_they_use(ending, bits):
    array = colours(bits)
    found = read_image(encode(ending, array))
    assert np.abs(found - array * (255 / (2**bits - 1))).max() <= 1
    assert found[0, 0].tolist() == [255, 255, 255]


def test_black_stays_black():
    assert read_image(encode(".png", np.zeros((*SHAPE, 3), np.uint16))).max() == 0


def test_one_pixel():
    assert read_image(encode(".png", np.full((1, 1, 3), 4095, np.uint16))).tolist() == [[[255] * 3]]


def test_pages_are_stretched_one_by_one():
    data = encode(".tiff", colours(12), colours(16), colours(14))
    for page, bits in ((3, 14), (1, 12), (2, 16)):
        expected = colours(bits) * (255 / (2**bits - 1))
        assert np.abs(read_image(data, page) - expected).max() <= 1


def test_transparency_keeps_its_own_range():
    array = np.dstack([colours(12), np.full(SHAPE, 65535, np.uint16)])
    array[-1, -1, 3] = 0
    found = read_image(encode(".png", array))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[-1, -1].tolist() == [255, 255, 255]  # on white
    assert np.abs(found[1] - array[1, :, :3] * (255 / 4095)).max() <= 1


def test_a_turned_photo_is_upright():
    array = np.zeros((*SHAPE, 3), np.uint16)
    array[0, -1] = 4095
    data = encode(".png", array)
    exif = Image.Exif()
    exif[0x0112] = 6
    body = exif.tobytes()[6:]
    head = data.index(b"IDAT") - 4
    found = read_image(data[:head] + chunk(b"eXIf", body) + data[head:])
    assert found.shape == (8, 6, 3)
    assert found[-1, -1].tolist() == [255, 255, 255]


def test_images_of_8_bits_are_not_deep(tmp_path):
    for kind in ("PNG", "TIFF", "JPEG"):
        Image.new("RGB", SHAPE).save(tmp_path / "a", kind)
        with Image.open(tmp_path / "a") as image:
            assert not has_deep_colours(image)


def test_8_bits_stay_as_they_are():
    array = np.full(SHAPE, 3, np.uint8)
    assert to_uint8(array) is array


@pytest.mark.parametrize("bits", DEPTHS)
def test_the_quick_way_for_16_bits_gives_what_the_general_one_gives(bits):
    values = np.arange(2**bits, dtype=np.uint16)
    expected = to_uint8(values.astype(np.int32))
    assert (to_uint8(values) == expected).all()
    assert (to_uint8(values.reshape(2, -1, 2)[:, ::-1]) == expected.reshape(2, -1, 2)[:, ::-1]).all()
