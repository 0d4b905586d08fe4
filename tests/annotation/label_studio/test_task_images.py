"""The image of a Label Studio task."""

from __future__ import annotations

import pytest

from annotation.label_studio.task_images import (
    decode_data_url,
    describe_missing_image,
    image_path,
    image_url,
)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/data/local-files/?d=images/a%20b.jpg", "images/a b.jpg"),
        ("/data/upload/3/ab12cd34-a.jpg", "/data/upload/3/ab12cd34-a.jpg"),
        ("https://host/x/a%2Bb.jpg?token=1", "/x/a+b.jpg"),
        ("data:image/png;base64,AAAA", "."),
        ("a.jpg", "a.jpg"),
    ],
)
def test_image_paths(url, path):
    assert str(image_path(url)) == path


@pytest.mark.parametrize(
    ("task", "url"),
    [
        ({"data": {"image": "a.jpg", "ocr": "b.jpg"}}, "a.jpg"),
        ({"data": {"ocr": "b.jpg"}}, "b.jpg"),
        ({"data": {"image": 7, "img": "c.jpg"}}, "c.jpg"),
        ({"data": {"text": "x"}}, None),
        ({}, None),
        (7, None),
    ],
)
def test_image_url(task, url):
    assert image_url(task) == url


def test_a_missing_image_is_described_by_the_keys():
    assert describe_missing_image({"data": {"text": "x"}}).startswith('its data has "text", but')
    assert "several pages" in describe_missing_image({"data": {"pages": ["a.jpg"]}})
    assert "no keys" in describe_missing_image(7)


def test_data_urls():
    assert decode_data_url("data:image/png;base64,QUJD") == b"ABC"
    assert decode_data_url("data:text/plain,A%20B") == b"A B"
    with pytest.raises(ValueError, match=r"[Ii]nvalid|[Nn]on-base64|padding|base64"):
        decode_data_url("data:image/png;base64,?")
