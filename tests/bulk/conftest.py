"""A folder of all that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bulk.photos import encode, write_parquet, write_tar


@pytest.fixture
def source(tmp_path) -> Path:
    """Of each kind, with what cannot be read."""
    folder = tmp_path / "source"
    (folder / "inside").mkdir(parents=True)
    (folder / ".hidden.jpg").write_bytes(encode())
    (folder / "notes.txt").write_text("no photo")
    (folder / "a.jpg").write_bytes(encode(1))
    (folder / "inside" / "b.PNG").write_bytes(encode(2, "PNG"))
    (folder / "bad.jpg").write_bytes(b"no photo")
    (folder / "scan.tif").write_bytes(encode(3, "TIFF", pages=2))
    write_tar(folder / "shard.tar", {"./0.jpg": encode(4), "0.json": b"{}", "1.jpg": encode(5), "2.jpg": b""})
    write_parquet(folder / "rows.parquet", {"image": [encode(6), None], "path": ["x.jpg", "y.jpg"]})
    return folder
