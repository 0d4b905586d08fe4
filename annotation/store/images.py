"""The folder of images, each under the SHA-256 of its stored file: upright, JPEG or PNG, without EXIF."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from spotter.images import MAX_BYTES, ImageError, read_image

JPEG_QUALITY = 95  # of photos that have to be encoded again because of their orientation or EXIF
# What a file may carry beside its pixels to be kept byte for byte.
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
MAX_NAME = 200


@dataclass(frozen=True)
class StoredImage:
    """A file of the folder."""

    sha256: str  # of the stored file, 64 hexadecimal digits
    source_sha256: str  # of the file as it came in
    extension: str  # .jpg or .png
    width: int  # pixels, upright
    height: int
    dhash: int  # 64 bits as a signed number
    created: bool  # False: the folder had it already


class ImageFolder:
    """`FOLDER/3f/3f2a....jpg`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str, extension: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}{extension}"

    def add(self, source: str | Path | bytes) -> StoredImage:
        """Stores a picture from outside; a plain JPEG or PNG keeps its bytes, and so its hash.

        Raises ImageError.
        """
        data = source if isinstance(source, bytes) else _read(Path(source))
        pixels = read_image(data)
        stored, extension = (data, plain) if (plain := plain_extension(data)) else _encode(data, pixels)
        sha256 = hashlib.sha256(stored).hexdigest()
        path = self.path(sha256, extension)
        created = not path.exists()
        if created:
            write_file(path, stored)
        height, width = pixels.shape[:2]
        source_sha256 = hashlib.sha256(data).hexdigest()
        return StoredImage(sha256, source_sha256, extension, width, height, dhash(pixels), created)

    def remove(self, stored: StoredImage) -> None:
        """Takes back a picture that `add` created."""
        self.path(stored.sha256, stored.extension).unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """The whole file or none, also when the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """The file's name outlives a power cut too, as the row that speaks of it does."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def plain_extension(data: bytes) -> str | None:
    """.jpg or .png when the file holds upright pixels and nothing else worth knowing (no EXIF, comment,
    profile)."""
    with Image.open(io.BytesIO(data)) as image:
        if (
            image.format not in ("JPEG", "PNG")
            or not set(image.info) <= PLAIN_INFO
            or image.mode not in ("RGB", "L")
        ):
            return None
        if image.format == "PNG":
            return (
                None
                if getattr(image, "is_animated", False) or not data.endswith(b"IEND\xaeB`\x82")
                else ".png"
            )
        apps = {name for name, _ in image.applist}
        return ".jpg" if apps <= PLAIN_APPS and data.endswith(b"\xff\xd9") else None


def dhash(pixels: np.ndarray) -> int:
    """64-bit difference hash of (H, W, 3) uint8 RGB, signed; near-duplicates differ in few bits."""
    grey = Image.fromarray(pixels).convert("L").resize((9, 8), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.int16)
    bits = (values[:, 1:] > values[:, :-1]).ravel()
    return int(np.packbits(bits).view(">i8")[0])


def label(name: str) -> str:
    """A file name as a label: no folders, no control characters, not too long."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(sign for sign in name if sign.isprintable()).strip()
    if len(name) > MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        name = stem[: MAX_NAME - 10] + dot + ending[:9] if dot else name[:MAX_NAME]
    return name if name.strip(".") else "image"


def natural(name: str) -> str:
    """A key under which img2 sorts before img10."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].lstrip("0").zfill(12)[:40], name.casefold())[:600]


def _read(path: Path) -> bytes:
    """At most one byte too many; read_image then says what is wrong."""
    if not path.is_file():
        read_image(path)  # raises the right sentence
        raise ImageError("The image file cannot be opened; check its name and its permissions.")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError("The image file cannot be opened; check its name and its permissions.") from error


def _encode(data: bytes, pixels: np.ndarray) -> tuple[bytes, str]:
    with Image.open(io.BytesIO(data)) as image:
        photo = image.format in ("JPEG", "MPO")
    ways = [("JPEG", {"quality": quality, "subsampling": 0}) for quality in (JPEG_QUALITY, 85, 70, 50)]
    for format_name, options in ways if photo else [("PNG", {}), *ways]:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, format_name, **options)
        if out.tell() <= MAX_BYTES:  # what is stored must be readable again
            break
    return out.getvalue(), ".png" if format_name == "PNG" else ".jpg"
