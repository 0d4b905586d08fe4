"""Stores in SQLite files (and in PostgreSQL if TEST_POSTGRES_URL is set), images and tasks."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import create_engine, make_url, text

from annotation.store.store import Store

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")  # of a role that may create schemas


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
def database(request, tmp_path) -> Iterator[str]:
    """URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/annotation.db"
        return
    schema = f"test_{uuid.uuid4().hex}"
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    server = create_engine(url)
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    # Another time zone than UTC must not change the result.
    options = f"-c search_path={schema} -c timezone=Asia/Kathmandu"
    yield url.update_query_dict({"options": options}).render_as_string(hide_password=False)
    with server.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()


@pytest.fixture
def store(database, tmp_path) -> Iterator[Store]:
    with Store(database, images=tmp_path / "annotation.images") as opened:
        yield opened


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Makes an image file from a seed; `orientation`: for its EXIF data."""

    def make(seed: int = 0, size=(200, 100), form: str = "JPEG", orientation: int | None = None) -> bytes:
        small = np.random.default_rng(seed).integers(0, 255, (10, 20, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
        out, options = io.BytesIO(), {}
        if orientation:
            exif = Image.Exif()
            exif[0x0112] = orientation
            options["exif"] = exif
        image.save(out, form, **options)
        return out.getvalue()

    return make


@pytest.fixture
def image_id(store, picture) -> int:
    """An image of 200 x 100 pixels in the project "p"."""
    return store.add_image(store.ensure_project("p"), picture(), "photo.jpg")[0].id


@pytest.fixture
def task() -> Callable[..., dict]:
    """Makes a Label Studio task with one word on photo.jpg; the arguments change its polygon's result."""

    def make(**changes: object) -> dict:
        value = {"points": [[1, 1], [50, 1], [50, 50]], "polygonlabels": ["Text"]}
        names = {"from_name": "label", "to_name": "image", "type": "polygonlabels"}
        result = {"id": "a", **names, "value": value}
        return {"data": {"image": "photo.jpg"}, "annotations": [{"result": [result | changes]}]}

    return make
