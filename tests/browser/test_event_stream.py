"""Events on a page whose stream of events arrives late, as behind a slow network or on a busy machine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import gradio as gr
import pytest
from gradio import networking
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotter.tabs.shared.page import page_options

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

DELAY = 1.0  # seconds


class LateStream:
    """ASGI middleware: messages of the event stream arrive later, the server goes on at once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope.get("path", "").endswith("/queue/data"):
            await self.app(scope, receive, send)
            return
        loop, messages = asyncio.get_running_loop(), asyncio.Queue()

        async def send_later(message: Message) -> None:
            messages.put_nowait((loop.time() + DELAY, message))

        async def deliver() -> None:
            is_last = False
            while not is_last:
                due, message = await messages.get()
                await asyncio.sleep(due - loop.time())
                await send(message)
                is_last = message["type"] == "http.response.body" and not message.get("more_body")

        delivery = asyncio.create_task(deliver())
        await self.app(scope, receive, send_later)
        await delivery


@pytest.fixture
def late_url(free_port, monkeypatch) -> Iterator[str]:
    """Two buttons that count."""
    monkeypatch.setattr(networking, "url_ok", lambda url: True)
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
        for name in ("First", "Second"):
            count = gr.Number(0, label=f"Count of {name}")
            gr.Button(name).click(lambda count: count + 1, count, count)
    demo.launch(
        server_port=free_port,
        prevent_thread_lock=True,
        quiet=True,
        run_history=False,
        app_kwargs={"middleware": [Middleware(LateStream)]},
        **page_options(),
    )
    yield demo.local_url
    demo.close()


def test_an_event_that_is_sent_while_the_stream_closes_is_not_lost(late_url, open_page):
    page = open_page(late_url)
    for clicks in ("1", "2"):  # the second time, the stream has been opened again before
        with page.expect_request("**/queue/data*"):
            page.get_by_role("button", name="First").click()
        page.wait_for_timeout(DELAY * 500)  # the server has closed the stream, the page does not know it yet
        page.get_by_role("button", name="Second").click()
        for name in ("First", "Second"):
            expect(page.get_by_label(f"Count of {name}")).to_have_value(clicks)
