"""Decodes untrusted images.

The result is always (H, W, 3) uint8 RGB in upright orientation, or an `ImageError` with one sentence for the
person who chose the file. Sentences never repeat a file name or file content, so they are safe on a page.
"""

from __future__ import annotations

import io
import time
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features
from PIL.TiffImagePlugin import TiffImageFile

from spotter import decoding, pdf
from spotter.bit_depth import has_deep_colours, is_dark, stretch_colours, to_uint8
from spotter.decoding import MAX_PIXELS, Answer, ImageError
from spotter.language import tr

MAX_BYTES = 20 * 2**20  # of a file; far above photos of phones
MAX_PAGES = 100  # of a file that are read
COUNT_SECONDS = 5  # to find out how many pages a file has
# Widely used decoders; Pillow's others are never tried (EPS would start Ghostscript). JPEG includes MPO.
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"]
MAX_SCANS = 100  # of a JPEG; programs write about 10, and each takes as long as the whole photo
MAX_EXIF = 256 * 2**10  # bytes; cameras write less than 64 kB, and Pillow's time grows with the square
PAGED = ("TIFF", "GIF", "WEBP", "PNG", "AVIF")  # not MPO and HEIF, whose further images belong to the first
START_OF_SCAN = b"\xff\xda"  # in the data of a scan, 0 follows each byte 0xff
NEW_SUBFILE_TYPE = 254  # tag of TIFF, with bits for ...
NO_PAGE = 1 | 4  # ... a copy in lower resolution, and a mask of transparency

if AVIF_IS_READ := bool(features.check("avif")):  # not in every build of Pillow
    FORMATS.append("AVIF")  # before HEIF, whose decoder takes some AVIF photos for its own and fails
try:
    from pi_heif import register_heif_opener
except ImportError:  # a machine that only trains
    HEIC_IS_READ = False
else:
    HEIC_IS_READ = True
    register_heif_opener()
    FORMATS.append("HEIF")

_NAMES = ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", *["HEIC"] * HEIC_IS_READ, *["AVIF"] * AVIF_IS_READ]

ImageSource = str | Path | bytes | Image.Image | np.ndarray  # encoded, or (H, W), (H, W, 1, 3 or 4)


def accepted() -> str:
    """The kinds of files that are read."""
    names = {"formats": ", ".join(_NAMES[:-1]), "last": _NAMES[-1]}
    if pdf.is_installed():
        return tr("a {formats} or {last} image, or a PDF", **names)
    return tr("a {formats} or {last} image", **names)


def lookalikes() -> dict[bytes, str]:
    """Files often chosen by mistake, and damaged ones, by bytes near their start."""
    return {
        b"<svg": tr(
            "This is an SVG drawing, not a photo; export it as PNG and try again, or choose {accepted}.",
            accepted=accepted(),
        ),
        b"ftypheic": unread_photo("HEIC", HEIC_IS_READ),
        b"ftypavif": unread_photo("AVIF", AVIF_IS_READ),
    }


def unread_photo(name: str, is_read: bool) -> str:
    if is_read:
        return tr(
            "The {name} photo is damaged or cut short; choose another image or save it again.", name=name
        )
    return tr("{name} photos cannot be read here; save the photo as JPEG and try again.", name=name)


def read_image(source: ImageSource, page: int = 1) -> np.ndarray:
    """(H, W, 3) uint8 RGB, upright, transparency on white.

    `page`: of a PDF, a TIFF or an animation. Bytes and pixels are limited before decoding, time and memory if
    that is done apart (see `spotter.decoding`). Raises ImageError.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _decode(source)
    if not isinstance(source, str | Path | bytes):
        raise ImageError(
            f"This is no picture but {type(source).__name__}: give a path, bytes, a PIL image or an array."
        )
    data = _read(source)
    if pdf.is_pdf(data):
        return _draw(data, page)
    pixels = decoding.run(_decode_page, data, page=page)[1]
    assert pixels is not None
    return pixels


def count_pages(source: str | Path | bytes) -> int:
    """Pages of a PDF or TIFF, frames of an animation, 1 of a photo; more than MAX_PAGES are not all counted.

    Raises ImageError.
    """
    data = _read(source)
    if pdf.is_pdf(data):
        try:
            return pdf.count_pages(data)
        except pdf.PdfError as error:
            raise ImageError(str(error)) from error
    return decoding.run(_count_frames, data)[0]["pages"]


def page_name(name: str, number: int, count: int) -> str:
    """scan.tif -> scan-page-01.tif: sorts well, and is allowed in every file system."""
    path = Path(name)
    return f"{path.with_suffix('')}-page-{number:0{len(str(count))}}{path.suffix}"


def _read(source: str | Path | bytes) -> bytes:
    data = source if isinstance(source, bytes) else _read_file(Path(source))
    _check_bytes(len(data))
    return data


def _draw(data: bytes, page: int) -> np.ndarray:
    try:
        width, height, pixels = pdf.draw_page(data, page)
    except pdf.PdfError as error:
        raise ImageError(str(error)) from error
    _check_pixels(width, height)
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3).copy()


def _decode_page(data: bytes, page: int) -> Answer:
    with _open(data) as image:
        frames = _page_frames(image, page)
        if page > len(frames):
            raise ImageError(tr("The file has no page {page}.", page=page))
        if frames[page - 1] != image.tell():
            _seek(image, frames[page - 1])
        return {}, _decode(image, data, frames[page - 1])


def _count_frames(data: bytes) -> Answer:
    with _open(data) as image:
        return {"pages": len(_page_frames(image, MAX_PAGES + 1))}, None


def _page_frames(image: Image.Image, most: int) -> list[int]:
    """Numbers of the frames that are pages, up to `most` of them.

    Not by `n_frames`, for which Pillow reads a hostile file to its end.
    """
    _check_pixels(*image.size)
    frames: list[int] = []
    end = time.monotonic() + COUNT_SECONDS
    for frame in range(2 * MAX_PAGES if image.format in PAGED else 0):
        if len(frames) == most or time.monotonic() > end:
            break
        try:
            _seek(image, frame)
        except EOFError:
            break
        except ImageError:  # it counts as a page, which `read_image` refuses
            frames.append(frame)
            break
        tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
        if not tags.get(NEW_SUBFILE_TYPE, 0) & NO_PAGE:
            frames.append(frame)
    return frames or [0]


def _seek(image: Image.Image, frame: int) -> None:
    """Raises ImageError, and EOFError if there is no such frame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.seek(frame)
    except EOFError:
        raise
    except Exception as error:  # decoders fail in many ways on hostile data
        raise ImageError(tr("The page is damaged or cut short; save the file again.")) from error


def _read_file(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ImageError(tr("This is a folder, not an image; choose one image file."))
        if not path.exists():
            raise ImageError(tr("The image file does not exist; check its name and place."))
        if not path.is_file():
            raise ImageError(tr("This is not a regular file; choose {accepted}.", accepted=accepted()))
        _check_bytes(path.stat().st_size)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # no permission, name too long, null byte in the name
        if isinstance(error, ImageError):
            raise
        raise ImageError(
            tr("The image file cannot be opened; check its name and its permissions.")
        ) from error


def _check_bytes(size: int) -> None:
    if size == 0:
        raise ImageError(tr("The file is empty; choose another image."))
    if size > MAX_BYTES:
        raise ImageError(
            tr(
                "The file is larger than {size} MB; save the image smaller and try again.",
                size=MAX_BYTES // 2**20,
            )
        )


def _check_pixels(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ImageError(tr("The image has no pixels; choose another image."))
    if width * height > MAX_PIXELS:
        raise ImageError(too_large())


def too_large() -> str:
    return tr(
        "The image has more than {count} megapixels; scale it down and try again.", count=MAX_PIXELS // 10**6
    )


def _open(data: bytes) -> Image.Image:
    """Reads only the header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own limit only warns; ours is checked in _decode
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise ImageError(too_large()) from error
        except UnidentifiedImageError as error:
            start = data[:1024]
            for signature, sentence in lookalikes().items():
                if signature in start:
                    raise ImageError(sentence) from error
            raise ImageError(
                tr("The file is not an image that can be read; choose {accepted}.", accepted=accepted())
            ) from error
        except Exception as error:  # decoders fail in many ways on hostile headers
            raise ImageError(tr("The image is damaged; choose another image or save it again.")) from error
    if image.format in ("JPEG", "MPO") and data.count(START_OF_SCAN) > MAX_SCANS:
        raise ImageError(tr("The JPEG has more than {count} scans; save it again.", count=MAX_SCANS))
    return image


def _decode(image: Image.Image, data: bytes = b"", frame: int = 0) -> np.ndarray:
    """`data`: the file of which it is this frame, if there is one."""
    _check_pixels(*image.size)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            is_deep = bool(data) and has_deep_colours(image)  # of what is loaded, one cannot tell
            image.load()
            _check_exif(image)
            if is_deep and is_dark(image):
                stretch_colours(image, data, frame)
            return _to_rgb(_upright(image))
    except ImageError:
        raise
    except Exception as error:  # decoders fail in many ways on hostile data
        raise ImageError(
            tr("The image is damaged or cut short; choose another image or save it again.")
        ) from error


def _check_exif(image: Image.Image) -> None:
    """Of a loaded image: a PNG may have it behind the pixels."""
    if max(len(image.info.get(key) or "") for key in ("exif", "Raw profile type exif")) > MAX_EXIF:
        raise ImageError(
            tr("The EXIF data is larger than {size} kB; save the image without it.", size=MAX_EXIF // 2**10)
        )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block says nothing about the pixels
        return image


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _from_array(np.asarray(image))
    if image.has_transparency_data:
        return _on_white(np.asarray(image.convert("RGBA")))
    return np.array(image.convert("RGB"))


def _from_array(array: np.ndarray) -> np.ndarray:
    """Grey, RGB or RGBA of any number type -> RGB uint8."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ImageError("The array is not an image; give (height, width), or (height, width, 3 or 4).")
    _check_pixels(array.shape[1], array.shape[0])
    if array.dtype.kind not in "biuf":
        raise ImageError("The array does not hold numbers; give uint8 pixels.")
    array = to_uint8(array)
    if array.shape[2] == 4:
        return _on_white(array)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def _on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
