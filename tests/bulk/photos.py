"""Makes photos, shards and parquet files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from tests.conftest import photograph


def encode(seed: int = 0, form: str = "JPEG", pages: int = 1, size: tuple[int, int] = (240, 180)) -> bytes:
    """A photo, the same for the same seed."""
    images = [Image.fromarray(photograph(*size, seed + page)) for page in range(pages)]
    stream = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if pages > 1 else {}
    images[0].save(stream, form, **more)
    return stream.getvalue()


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def write_parquet(path: Path, columns: dict[str, list]) -> None:
    parquet.write_table(pa.table(columns), path)
