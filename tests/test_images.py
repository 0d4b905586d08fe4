"""Images of every kind, and files and arrays that are not images."""

from __future__ import annotations

import base64
import io
import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from spotter.images import (
    AVIF_IS_READ,
    MAX_BYTES,
    MAX_PAGES,
    MAX_SCANS,
    NEW_SUBFILE_TYPE,
    START_OF_SCAN,
    ImageError,
    accepted,
    count_pages,
    page_name,
    read_image,
)

RED, GREEN, WHITE = (255, 0, 0), (0, 128, 0), (255, 255, 255)
# 64 x 64 red pixels; there is no encoder among what is installed.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJp"
    "bG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAAB0AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAAB"
    "AAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEA"
    "AQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAA"
    "AAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACVtZGF0AAAAGSgBrxOA5qhw"
    "0//+JpR//Trnh+nl0tJ5v3w="
)


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG with a size but without pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def palette(transparent: bool) -> bytes:
    image = Image.new("P", (8, 6), 1)
    image.putpalette([0, 0, 255, 255, 0, 0])
    return encode(image, transparency=1) if transparent else encode(image)


def grey16(value: int) -> Image.Image:
    return Image.fromarray(np.full((6, 8), value, np.uint16))


def animation() -> bytes:
    frames = [Image.new("RGB", (8, 6), colour) for colour in (RED, GREEN)]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:])


IMAGES = {
    "jpeg": (encode(Image.new("RGB", (8, 6), RED), "JPEG"), RED),
    "png": (encode(Image.new("RGB", (8, 6), RED)), RED),
    "webp": (encode(Image.new("RGB", (8, 6), RED), "WEBP", lossless=True), RED),
    "bmp": (encode(Image.new("RGB", (8, 6), RED), "BMP"), RED),
    "tiff": (encode(Image.new("RGB", (8, 6), RED), "TIFF"), RED),
    "ppm": (encode(Image.new("RGB", (8, 6), RED), "PPM"), RED),
    "grey": (encode(Image.new("L", (8, 6), 100)), (100, 100, 100)),
    "grey jpeg": (encode(Image.new("L", (8, 6), 100), "JPEG"), (100, 100, 100)),
    "grey with alpha": (encode(Image.new("LA", (8, 6), (0, 0))), WHITE),
    "opaque rgba": (encode(Image.new("RGBA", (8, 6), (255, 0, 0, 255))), RED),
    "clear rgba": (encode(Image.new("RGBA", (8, 6), (255, 0, 0, 0))), WHITE),
    "half clear rgba": (encode(Image.new("RGBA", (8, 6), (0, 0, 0, 128))), (127, 127, 127)),
    "palette": (palette(False), RED),
    "clear palette": (palette(True), WHITE),
    "1 bit": (encode(Image.new("1", (8, 6), 1)), WHITE),
    "16 bit png": (encode(grey16(25700)), (100, 100, 100)),
    "16 bit tiff": (encode(grey16(65535), "TIFF"), WHITE),
    "14 bit tiff": (encode(grey16(2**14 - 1), "TIFF"), WHITE),
    "12 bit png": (encode(grey16(2**12 - 1)), WHITE),
    "10 bit png": (encode(grey16(1023)), WHITE),
    "16 bit, almost black": (encode(grey16(4)), (1, 1, 1)),
    "float tiff": (encode(Image.new("F", (8, 6), 1.0), "TIFF"), WHITE),
    "cmyk jpeg": (encode(Image.new("CMYK", (8, 6), (0, 255, 255, 0)), "JPEG", quality=100), RED),
    "cmyk tiff": (encode(Image.new("CMYK", (8, 6), (0, 255, 255, 0)), "TIFF"), RED),
    "compressed tiff": (encode(Image.new("RGB", (8, 6), RED), "TIFF", compression="tiff_lzw"), RED),
    "animated gif, first frame": (animation(), RED),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_all_kinds_become_rgb(kind, tmp_path):
    data, colour = IMAGES[kind]
    path = tmp_path / "picture"
    path.write_bytes(data)
    for source in (data, path, str(path), Image.open(path)):
        image = read_image(source)
        assert image.shape == (6, 8, 3)
        assert image.dtype == np.uint8
        assert np.abs(image.astype(int) - colour).max() <= 4  # JPEG is not exact


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :8], upright[:8, 8:], upright[8:, :8] = RED, GREEN, WHITE
    stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(read_image(data), upright)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_one_pixel(kind):
    assert read_image(encode(Image.new("RGB", (1, 1), WHITE), kind)).shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("array", "colour"),
    [
        (np.full((6, 8), 100, np.uint8), (100, 100, 100)),
        (np.full((6, 8, 1), 100, np.uint8), (100, 100, 100)),
        (np.full((6, 8, 3), RED, np.uint8), RED),
        (np.full((6, 8, 4), (255, 0, 0, 0), np.uint8), WHITE),
        (np.ones((6, 8), bool), WHITE),
        (np.full((6, 8), 65535, np.uint16), WHITE),
        (np.full((6, 8), 4095, np.uint16), WHITE),
        (np.full((6, 8), 1.0), WHITE),
        (np.full((6, 8), 100.0), (100, 100, 100)),
        (np.full((6, 8), np.nan), (0, 0, 0)),
    ],
)
def test_arrays(array, colour):
    np.testing.assert_array_equal(read_image(array), np.full((6, 8, 3), colour, np.uint8))


def test_heic():
    image = read_image(HEIC)
    assert image.shape == (64, 64, 3)
    assert np.abs(image.astype(int) - RED).max() <= 4
    assert count_pages(HEIC) == 1


@pytest.mark.skipif(not AVIF_IS_READ, reason="this build of Pillow has no AVIF")
def test_avif():
    data = encode(Image.new("RGB", (64, 48), RED), "AVIF")
    # The second one names only the family of formats that HEIC belongs to, too.
    for source in (data, data.replace(b"ftypavif", b"ftypmif1")):
        assert np.abs(read_image(source).astype(int) - RED).max() <= 4
        assert count_pages(source) == 1
    assert count_pages(pages("AVIF", 3)) == 3
    with pytest.raises(ImageError, match="cut short"):
        read_image(data[:-10])


WITHOUT = """
import sys
from PIL import features

sys.modules["pi_heif"] = sys.modules["pypdfium2"] = None  # as if they were not installed
features.check = lambda name: None
from spotter import images

print(images.accepted())
for data in (b"....ftypheic....", b"....ftypavif....", b"%PDF-1.7 ..."):
    try:
        images.read_image(data)
    except images.ImageError as error:
        print(error)
"""


def test_what_cannot_be_read_here_is_said():
    assert "HEIC" in accepted()
    assert accepted().endswith(" image, or a PDF")
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "a JPEG, PNG, WebP, GIF, BMP or TIFF image",
        "HEIC photos cannot be read here; save the photo as JPEG and try again.",
        "AVIF photos cannot be read here; save the photo as JPEG and try again.",
        "PDF documents cannot be read here; save the pages as PNG or JPEG and try again.",
    ]


def pages(kind: str, count: int, **options) -> bytes:
    """Pages of different grey, on all of which the first rows are white."""
    images = [Image.new("L", (8, 6), 10 * i) for i in range(1, count + 1)]
    for image in images:
        image.paste(255, (0, 0, 8, 2))
    return encode(images[0], kind, save_all=True, append_images=images[1:], **options)


@pytest.mark.parametrize(
    "data",
    [
        pages("TIFF", 3),
        pages("TIFF", 3, compression="tiff_lzw"),
        pages("GIF", 3),
        pages("WEBP", 3, lossless=True),
        pages("PNG", 3),
        pages("PDF", 3),
    ],
    ids=["tiff", "compressed tiff", "gif", "webp", "png", "pdf"],
)
def test_pages_are_images_of_their_own(data, tmp_path):
    (tmp_path / "scan").write_bytes(data)
    for source in (data, tmp_path / "scan"):
        assert count_pages(source) == 3
        for page in (3, 1, 2):
            image = read_image(source, page)
            assert np.abs(image[-1, -1].astype(int) - 10 * page).max() <= 6  # JPEG in the PDF
            assert (image[0, 0] > 250).all()
    with pytest.raises(ImageError):
        read_image(data, 4)


def test_a_photo_has_one_page():
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"):
        assert count_pages(encode(Image.new("L", (8, 6)), kind)) == 1
    both_eyes = [Image.new("RGB", (8, 6), RED), Image.new("RGB", (8, 6), GREEN)]
    assert count_pages(encode(both_eyes[0], "MPO", save_all=True, append_images=both_eyes[1:])) == 1


def test_a_smaller_copy_in_a_tiff_is_no_page():
    buffer = io.BytesIO()
    with AppendingTiffWriter(buffer) as writer:
        for side, kind in ((4, 1), (8, 0), (4, 1), (16, 0)):
            Image.new("L", (side, side)).save(writer, "TIFF", tiffinfo={NEW_SUBFILE_TYPE: kind})
            writer.newFrame()
    data = buffer.getvalue()
    assert count_pages(data) == 2
    assert [read_image(data, page).shape[0] for page in (1, 2)] == [8, 16]


def test_turned_pages_are_upright():
    data = pages("TIFF", 2, tiffinfo={0x0112: 6})
    for page in (1, 2):
        image = read_image(data, page)
        assert image.shape == (8, 6, 3)
        assert image[0, -1, 0] == 255


def test_a_damaged_page_does_not_hide_the_others():
    noise = [Image.effect_noise((64, 64), 90) for _ in range(3)]
    data = encode(noise[0], "TIFF", save_all=True, append_images=noise[1:])[:-1000]
    assert count_pages(data) == 3
    np.testing.assert_array_equal(read_image(data, 2)[..., 0], np.asarray(noise[1]))
    with pytest.raises(ImageError, match="damaged"):
        read_image(data, 3)


def test_not_all_pages_are_counted():
    assert count_pages(pages("TIFF", MAX_PAGES + 5)) == MAX_PAGES + 1


def test_every_page_has_a_limit_of_pixels():
    images = [Image.new("1", (8, 6)), Image.new("1", (8_001, 5_000))]
    data = encode(images[0], "TIFF", save_all=True, append_images=images[1:], compression="group4")
    with pytest.raises(ImageError, match="megapixels"):
        read_image(data, 2)


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("scan.tif", 3, "scan-page-2.tif"),
        ("a/b.c.PDF", 100, "a/b.c-page-002.PDF"),
        ("scan", 2, "scan-page-2"),
    ],
)
def test_names_of_pages(name, count, expected):
    assert page_name(name, 2, count) == expected


JPEG = encode(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")
INVALID = {
    "empty": (b"", "empty"),
    "text": (b"Dear reader, this is not an image.", "not an image"),
    "html": (b"<html><script>alert(1)</script></html>", "not an image"),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG"),
    "pdf": (b"%PDF-1.7 ...", "PDF"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
    "truncated heic": (HEIC[:-10], "cut short"),
    "avif": (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    "truncated jpeg": (JPEG[: len(JPEG) // 2], "cut short"),
    "truncated png": (encode(Image.effect_noise((64, 64), 90))[:600], "cut short"),
    "only a jpeg signature": (JPEG[:3], "not an image"),
    "bomb": (png_header(50_000, 50_000), "megapixels"),
    "small bomb": (png_header(10_000, 4_001), "megapixels"),
    "zero size": (png_header(0, 10), ""),
    "too many bytes": (b"\xff" * (MAX_BYTES + 1), "larger than 20 MB"),
}


def assert_one_sentence(error: pytest.ExceptionInfo, message: str) -> None:
    sentence = str(error.value)
    assert message in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert "\n" not in sentence


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_files_give_one_sentence(kind, tmp_path):
    data, message = INVALID[kind]
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    for source in (data, path):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(ImageError) as error:
                read_image(source)
        assert_one_sentence(error, message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/nowhere/photo.jpg", "does not exist"),
        ("/", "folder"),
        ("/dev/zero", "regular file"),
        ("photo\0.jpg", ""),
        ("x" * 5000, ""),
        (np.zeros((0, 8, 3), np.uint8), "no pixels"),
        (np.zeros((6, 8, 2), np.uint8), "not an image"),
        (np.zeros(6, np.uint8), "not an image"),
        (np.full((2, 2), "a"), "numbers"),
        (np.broadcast_to(np.uint8(0), (50_000, 50_000)), "megapixels"),
        (Image.new("1", (8_001, 5_000)), "megapixels"),
    ],
)
def test_invalid_sources_give_one_sentence(source, message):
    with pytest.raises(ImageError) as error:
        read_image(source)
    assert_one_sentence(error, message)


def with_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated until there are so many."""
    data = encode(Image.effect_noise((64, 64), 50), "JPEG", progressive=True)
    last, end = data.rindex(START_OF_SCAN), data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * (scans - data.count(START_OF_SCAN)) + data[end:]


def test_a_jpeg_with_many_scans_is_refused():
    assert read_image(with_scans(MAX_SCANS)).shape == (64, 64, 3)
    with pytest.raises(ImageError, match="more than 100 scans; save it again"):
        read_image(with_scans(MAX_SCANS + 1))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_endless_exif_is_refused(kind):
    image = Image.new("RGB", (8, 8), RED)
    photo = encode(image, kind, exif=b"Exif\0\0" * 10_000)
    assert read_image(photo).shape == (8, 8, 3)
    with pytest.raises(ImageError, match="EXIF data is larger than 256 kB"):
        read_image(encode(image, kind, exif=b"Exif\0\0" * 50_000))
