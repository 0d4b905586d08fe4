"""The folder of images, named by the SHA-256 of the stored file: upright, JPEG or PNG, without EXIF."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from spotter import decoding
from spotter.bit_depth import has_deep_colours
from spotter.images import MAX_BYTES, ImageError, read_image
from spotter.language import tr
from spotter.pdf import is_pdf

# For images that are encoded again because of their orientation or EXIF; tried in turn until the file is
# small enough to be read again.
JPEG_QUALITIES = (95, 85, 70, 50)
# Metadata that a file may have to be stored unchanged.
PLAIN_INFO = {
    "jfif",
    "jfif_version",
    "jfif_unit",
    "jfif_density",
    "dpi",
    "progressive",
    "progression",
    "adobe",
    "adobe_transform",
    "gamma",
    "srgb",
}
PLAIN_APPS = {"APP0", "APP14"}
MAX_NAME = 200  # characters
DHASH_SIZE = (9, 8)  # pixels: 8 differences per row, 64 bits
TURNED_SIZE = (72, 72)  # both of its sides are multiples of both of DHASH_SIZE


@dataclass(frozen=True)
class StoredImage:
    """A file in the image folder."""

    sha256: str  # of the stored file, 64 hexadecimal digits
    source_sha256: str  # of the original file
    extension: str  # .jpg or .png
    width: int  # pixels, upright
    height: int
    dhash: int  # signed 64-bit integer, see `dhash`
    turned_dhashes: bytes  # see `turned_dhashes`
    created: bool  # False if the folder already had it


class ImageFolder:
    """`FOLDER/3f/3f2a....jpg`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str, extension: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}{extension}"

    def add(self, source: str | Path | bytes) -> StoredImage:
        """Stores an untrusted image; a plain JPEG or PNG keeps its bytes, and so its hash.

        Raises ImageError.
        """
        data = source if isinstance(source, bytes) else _read(Path(source))
        if is_pdf(data):
            pixels = read_image(data)
            stored, extension = encode(pixels)
        else:
            known, found = decoding.run(_describe, data)
            assert found is not None
            pixels, plain = found, known["plain"]
            stored, extension = (data, plain) if plain else encode(pixels, known["is_photo"])
        sha256 = hashlib.sha256(stored).hexdigest()
        path = self.path(sha256, extension)
        created = not path.exists()
        if created:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # photos are for the owner alone
            write_file(path, stored)
        height, width = pixels.shape[:2]
        source_sha256 = hashlib.sha256(data).hexdigest()
        hashes = dhash(pixels), turned_dhashes(pixels)
        return StoredImage(sha256, source_sha256, extension, width, height, *hashes, created)

    def remove(self, stored: StoredImage) -> None:
        """Deletes a file that `add` created."""
        self.path(stored.sha256, stored.extension).unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Writes the whole file or nothing, even if the process is killed. Only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Makes the file name survive a power failure, as the database row that refers to it does."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _describe(data: bytes) -> decoding.Answer:
    """The pixels of an image file, and how to store it."""
    pixels = read_image(data)
    with Image.open(io.BytesIO(data)) as image:
        is_photo = image.format in ("JPEG", "MPO", "HEIF", "AVIF")
    return {"plain": plain_extension(data, pixels), "is_photo": is_photo}, pixels


def plain_extension(data: bytes, pixels: np.ndarray) -> str | None:
    """The extension (.jpg, .png) of an upright file without metadata (EXIF, comment, profile); else None.

    `pixels`: as it is read. A photo that had to be made brighter is not plain: a browser shows it dark.
    """
    with Image.open(io.BytesIO(data)) as image:
        if (
            image.format not in ("JPEG", "PNG")
            or not set(image.info) <= PLAIN_INFO
            or image.mode not in ("RGB", "L")
        ):
            return None
        if isinstance(image, JpegImageFile):
            is_plain = {name for name, _ in image.applist} <= PLAIN_APPS and data.endswith(b"\xff\xd9")
            return ".jpg" if is_plain else None
        is_plain = not getattr(image, "is_animated", False) and data.endswith(b"IEND\xaeB`\x82")
        is_plain &= not has_deep_colours(image) or np.array_equal(np.asarray(image.convert("RGB")), pixels)
        return ".png" if is_plain else None


def dhash(pixels: np.ndarray) -> int:
    """64-bit difference hash of (H, W, 3) uint8 RGB, signed; near-duplicates differ in few bits."""
    grey = Image.fromarray(pixels).convert("L").resize(DHASH_SIZE, Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.int16)
    bits = (values[:, 1:] > values[:, :-1]).ravel()
    return int(np.packbits(bits).view(">i8")[0])


def turned_dhashes(pixels: np.ndarray) -> bytes:
    """The dHashes of the image in its three other quarter turns and, mirrored, in all four: 8 bytes each."""
    grey = Image.fromarray(pixels).convert("L").resize(TURNED_SIZE, Image.Resampling.BOX)
    small = np.asarray(grey)
    looks = [np.rot90(one, turn) for one in (small, small[:, ::-1]) for turn in range(4)]
    return np.array([dhash(np.ascontiguousarray(look)) for look in looks[1:]], dtype=">i8").tobytes()


def display_name(name: str) -> str:
    """A file name to show: without folders and control characters, at most MAX_NAME long."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if character.isprintable()).strip()
    if len(name) > MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        name = stem[: MAX_NAME - 10] + dot + ending[:9] if dot else name[:MAX_NAME]
    return name if name.strip(".") else "image"


def distinct_names(paths: Sequence[str]) -> list[str]:
    """What to call files: by their names, with the folders in front if several have the same: a_1.jpg."""
    parts = [[part for part in path.replace("\\", "/").split("/") if part] for path in paths]
    depths = [1] * len(paths)
    for _ in range(2):  # the nearest folder, then all
        counts = Counter(tuple(part[-depth:]) for part, depth in zip(parts, depths, strict=True))
        for i, part in enumerate(parts):
            if counts[tuple(part[-depths[i] :])] > 1:
                depths[i] = 2 if depths[i] == 1 else len(part)
    return ["_".join(part[-depth:]) for part, depth in zip(parts, depths, strict=True)]


def natural_sort_key(name: str) -> str:
    """A key that sorts img2 before img10."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].lstrip("0").zfill(12)[:40], name.casefold())[:600]


def _read(path: Path) -> bytes:
    """At most one byte too many, which `read_image` then refuses. Raises ImageError."""
    if not path.is_file():
        read_image(path)  # raises the specific error
        raise ImageError(tr("The image file cannot be opened; check its name and its permissions."))
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(
            tr("The image file cannot be opened; check its name and its permissions.")
        ) from error


def encode(pixels: np.ndarray, is_photo: bool = False) -> tuple[bytes, str]:
    """(encoded file, extension): a JPEG for photos, else a PNG if it is small enough."""
    attempts: list[tuple[str, dict]] = [("JPEG", {"quality": q, "subsampling": 0}) for q in JPEG_QUALITIES]
    for format_name, options in attempts if is_photo else [("PNG", {}), *attempts]:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, format_name, **options)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue(), ".png" if format_name == "PNG" else ".jpg"
