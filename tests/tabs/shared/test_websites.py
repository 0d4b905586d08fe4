"""Requests as a browser sends them: for other websites, under other names, in a frame."""

from __future__ import annotations

import gradio as gr
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from spotter.tabs.shared.websites import host_name, keep_websites_away


def client(*hosts: str, embed: tuple[str, ...] = ()) -> TestClient:
    async def answer(_request):
        return PlainTextResponse("answer")

    routes = [Route("/", answer, methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=[keep_websites_away(hosts, embed)])
    return TestClient(app, base_url="http://127.0.0.1:7860")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:7860",
        "localhost:7860",
        "LOCALHOST",
        "[::1]:7860",
        "10.0.0.7",
        "pages.school.example",
    ],
)
def test_it_answers_to_its_own_names(host):
    assert client("Pages.school.example").get("/", headers={"host": host}).text == "answer"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:7860", "localhost.evil.example", "", "[::1"]
)
def test_it_does_not_answer_to_other_names(host):
    response = client().get("/", headers={"host": host})
    assert response.status_code == 421
    assert response.text.startswith("This page does not answer to the name")


@pytest.mark.parametrize(
    "origin", [None, "http://127.0.0.1:7860", "https://127.0.0.1:7860", "https://school.example"]
)
def test_the_page_itself_and_programs_may_post(origin):
    headers = {} if origin is None else {"origin": origin}
    assert client("school.example").post("/", headers=headers).text == "answer"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:8000", "http://localhost:7860", "null", "", "http://["],
)
def test_other_websites_may_not_post(origin):
    response = client("school.example").post("/", headers={"origin": origin})
    assert (response.status_code, response.text) == (
        403,
        "This request comes from another website, so it is refused.",
    )
    assert (
        client().get("/", headers={"origin": origin}).text == "answer"
    )  # the browser keeps the answer to itself


def test_only_chosen_websites_may_show_it_in_a_frame(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    policy = client().get("/").headers["content-security-policy"]
    assert policy == "frame-ancestors 'self'"
    policy = client(embed=("https://school.example",)).get("/").headers["content-security-policy"]
    assert policy == "frame-ancestors 'self' https://school.example"


def test_a_space_is_known_by_its_name_and_shown_by_hugging_face(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "ann/spotter")
    monkeypatch.setenv("SPACE_HOST", "ann-spotter.hf.space")
    space = client()
    response = space.get("/", headers={"host": "ann-spotter.hf.space"})
    assert (response.text, "https://huggingface.co" in response.headers["content-security-policy"]) == (
        "answer",
        True,
    )
    assert space.post("/", headers={"origin": "https://ann-spotter.hf.space"}).text == "answer"


def test_no_host_has_no_name():
    assert host_name("") == host_name("[") == ""


def test_an_app_takes_uploads_of_its_own_page_only():
    with gr.Blocks() as demo:
        gr.File()
    options = {
        "quiet": True,
        "prevent_thread_lock": True,
        "share": False,
        "ssr_mode": False,
        "_frontend": False,
    }
    _, url, _ = demo.launch(**options, app_kwargs={"middleware": [keep_websites_away()]})
    try:
        upload, files = f"{url}gradio_api/upload", {"files": ("a.txt", b"a")}
        own = httpx.post(upload, files=files, headers={"origin": url.rstrip("/")}, timeout=60)
        other = httpx.post(upload, files=files, headers={"origin": "https://evil.example"}, timeout=60)
        assert (own.status_code, other.status_code) == (200, 403)
        assert httpx.get(url, headers={"host": "evil.example"}, timeout=60).status_code == 421
    finally:
        demo.close()
