"""A page per language: which one is shown, what it begins with, in which language requests are answered."""

from __future__ import annotations

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from spotter.language import current_language, speaking, tr
from spotter.tabs.shared.languages import (
    LanguagePages,
    choose_language,
    language_links,
    language_script,
    preferred_language,
)

PAGE = "<!doctype html><html><head><title>x</title></head><body>{}</body></html>"


def client(root_path: str = "") -> TestClient:
    async def page(_request):
        return HTMLResponse(PAGE.format(current_language()))

    async def other(_request):
        return PlainTextResponse(f"<head> {current_language()}")

    routes = [Route("/", page), Route("/ko", page), Route("/join", other, methods=["GET", "POST"])]
    return TestClient(
        Starlette(routes=routes, middleware=[choose_language(root_path)]), follow_redirects=False
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ko", "ko"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("KO-kr", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("de,ko;q=0.5,en;q=0.4", "ko"),
        ("ko;q=0", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("ko;q=x", "en"),
        (";;,,=", "en"),
    ],
)
def test_the_language_that_a_browser_prefers(header, language):
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("address", "header", "target"),
    [
        ("/", "ko-KR", "/ko"),
        ("/?tab=inside&view=roi", "ko-KR", "/ko?tab=inside&view=roi"),
        ("/?lang=ko", "en", "/ko?lang=ko"),
        ("/ko?lang=en", "ko", "/?lang=en"),
    ],
)
def test_it_leads_to_the_page_of_the_language(address, header, target):
    response = client().get(address, headers={"accept-language": header})
    assert response.status_code == 307
    assert response.headers["location"] == target
    assert response.headers["cache-control"] == "no-store"


def test_behind_a_proxy_the_prefix_stays():
    response = client("/spotter/").get("/", headers={"accept-language": "ko"})
    assert response.headers["location"] == "/spotter/ko"


@pytest.mark.parametrize(
    ("address", "header", "language"),
    [
        ("/", "en", "en"),
        ("/", "", "en"),
        ("/?lang=en", "ko", "en"),
        ("/?lang=xx", "en", "en"),
        ("/ko", "en", "ko"),
        ("/ko?lang=ko", "en", "ko"),
    ],
)
def test_a_page_stays_and_begins_with_its_script(address, header, language):
    response = client().get(address, headers={"accept-language": header})
    assert response.status_code == 200
    script = language_script(language).decode()
    assert response.text == PAGE.format(language).replace("<head>", f"<head>{script}")
    assert int(response.headers["content-length"]) == len(response.content)
    assert f'const language = "{language}";' in script


def test_the_script_ends_where_it_should(monkeypatch):
    monkeypatch.setattr("spotter.tabs.shared.languages.catalogue", lambda *_: {"a": "</script><b>"})
    assert language_script("ko").count(b"</script>") == 1


@pytest.mark.parametrize(
    ("referer", "language"),
    [
        ("http://testserver/ko", "ko"),
        ("http://testserver/spotter/ko?tab=read", "ko"),
        ("http://testserver/", "en"),
        ("http://testserver/?x=/ko", "en"),
        ("http://[", "en"),
        ("", "en"),
    ],
)
def test_requests_of_a_page_are_answered_in_its_language(referer, language):
    answer = client().post("/join", headers={"referer": referer, "accept-language": "ko"})
    assert answer.text == f"<head> {language}"


def test_events_of_a_page_run_in_its_language():
    with LanguagePages() as demo:
        gr.Button().click(current_language, None, gr.Textbox(), api_name="english")
    with demo.route("한국어", "ko"):
        gr.Button().click(current_language, None, gr.Textbox(), api_name="korean")
    app = TestClient(gr.mount_gradio_app(gr.routes.App(), demo, "/"))
    for name, language in (("english", "en"), ("korean", "ko")):
        answer = app.post(f"/gradio_api/run/{name}", json={"data": []})
        assert answer.json()["data"] == [language]


def fail() -> None:
    raise gr.Error("This is wrong.", print_exception=False)


def test_the_title_of_an_error_is_in_the_language_of_the_page():
    with LanguagePages() as demo:
        gr.Button().click(fail, None, None, api_name="english")
    with demo.route("한국어", "ko"):
        gr.Button().click(fail, None, None, api_name="korean")
    app = TestClient(gr.mount_gradio_app(gr.routes.App(), demo, "/", show_error=True))
    for name, title in (("english", "Error"), ("korean", "오류")):
        assert app.post(f"/gradio_api/run/{name}", json={"data": []}).json()["title"] == title


def test_links_name_the_languages():
    assert language_links().count("aria-current") == 1
    with speaking("ko"):
        links = language_links()
        assert tr("Language") in links
    assert 'href="./?lang=ko" data-language="ko" lang="ko" aria-current="true">한국어<' in links


def test_gradios_own_labels_come_with_the_korean_page_alone():
    korean, english = (language_script(language).decode() for language in ("ko", "en"))
    assert '"More tabs": "탭 더 보기"' in korean
    assert "Object({})" in english
    assert not [name for name in ("language", "texts", "labels") if f'"{{{name}}}"' in korean + english]
