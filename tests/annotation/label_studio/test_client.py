"""The client for a Label Studio server."""

from __future__ import annotations

import pytest

from annotation.label_studio.client import ImageDownloadError, Server, ServerError
from spotter.images import MAX_BYTES

SECRET = "0123456789abcdef-secret"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x:99999",
        "http://a b",
        "http://x?y=1",
    ],
)
def test_invalid_urls(url):
    with pytest.raises(ServerError):
        Server(url, SECRET)


def test_tokens(monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    with pytest.raises(ServerError, match="LABEL_STUDIO_API_KEY"):
        Server("http://127.0.0.1")
    with pytest.raises(ServerError, match="invalid characters"):
        Server("http://127.0.0.1", "two words")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", SECRET)
    assert SECRET not in repr(Server("http://127.0.0.1/"))


def test_images_are_downloaded_from_the_server_only(odd_server, picture):
    server = Server(odd_server.url, SECRET, timeout=5)
    odd_server.answers = {
        "/data/upload/ok": (200, {}, picture(), 0),
        "/data/upload/redirect": (302, {"Location": "http://127.0.0.1:9/x"}, b"", 0),
        "/data/upload/large": (200, {}, b"x" * (MAX_BYTES + 1), 0),
        "/": (404, {}, b"", 0),
    }
    assert server.download("/data/upload/ok.jpg") == picture()
    assert server.download(f"{odd_server.url}/data/upload/ok.jpg") == picture()
    assert server.download("data:image/png;base64,AAAA") == b"\0\0\0"
    requests = len(odd_server.seen)
    for address in (
        "http://localhost:1/data/a",
        "http://127.0.0.1:1/data/a",
        "//evil.example/data/a",
        "file:///etc/passwd",
        "/api/users",
        "/data/../api/users",
        "/data/%2e%2e/api",
        "/data/a%5c..%5capi",
        "http://[::1",
        "http://127.0.0.1:99999/data/a",
        "//[/data/a",
        "s3://bucket/a.jpg",
        "data:image/png;base64,%%%",
    ):
        with pytest.raises(ImageDownloadError):
            server.download(address)
    assert len(odd_server.seen) == requests
    for name in ("redirect", "large", "missing"):
        with pytest.raises(ImageDownloadError):
            server.download(f"/data/upload/{name}")
    assert "evil" not in str(odd_server.seen)


@pytest.mark.parametrize("name", ["ab", "x" * 51])
def test_invalid_project_names(name):
    with pytest.raises(ServerError, match="3 to 50 characters"):
        Server("http://127.0.0.1:9", SECRET).create_project(name)


def test_redirects_are_not_followed(odd_server):
    odd_server.answers = {"/api/": (302, {"Location": f"{odd_server.url}/elsewhere"}, b"", 0)}
    with pytest.raises(ServerError, match="redirects to another address"):
        Server(odd_server.url, SECRET, timeout=5).find_project("p")
    assert "elsewhere" not in str(odd_server.seen)
