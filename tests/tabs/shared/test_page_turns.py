"""Pages are made one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from spotter.tabs.shared.page_turns import PageTurns, make_pages_in_turn
from tests.coroutines import run


class App:
    """An ASGI app that says how many of its answers were in the making at once, and how many it has sent."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.now = self.most = self.sent = 0

    async def __call__(self, scope, receive, send) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        if self.fails:
            raise ValueError("no page")
        await send({"type": "http.response.start"})
        await send({"type": "http.response.body"})
        self.sent += 1


def scope(path: str, **others: str) -> dict:
    return {"type": "http", "path": path, **others}


async def ignore(message) -> None:
    pass


def ask(app: App, paths: list[str], send: Callable = ignore, **others: str) -> list:
    """What became of requests for these paths, all at once."""

    async def answers() -> list:
        turns = PageTurns(app)
        requests = [turns(scope(path, **others), ignore, send) for path in paths]
        return await asyncio.gather(*requests, return_exceptions=True)

    return run(answers())


@pytest.mark.parametrize(
    ("paths", "most"),
    [
        ([], 0),
        (["/"], 1),
        (["/", "/", "/ko", "/ko/", "/"], 1),
        (["/join", "/join", "/kor"], 3),
        (["/", "/join", "/"], 2),
    ],
)
def test_one_page_at_a_time(paths, most):
    app = App()
    ask(app, paths)
    assert (app.most, app.sent) == (most, len(paths))


def test_behind_a_proxy():
    app = App()
    ask(app, ["/spotter/", "/spotter/ko"], root_path="/spotter")
    assert app.most == 1


def test_a_page_that_fails_ends_its_turn():
    assert [type(end) for end in ask(App(fails=True), ["/", "/"])] == [ValueError, ValueError]


def test_others_do_not_wait_for_a_slow_connection():
    app = App()

    async def visits() -> None:
        turns, other_has_it = PageTurns(app), asyncio.Event()

        async def slowly(message) -> None:
            await other_has_it.wait()

        slow = asyncio.create_task(turns(scope("/"), ignore, slowly))
        await asyncio.sleep(0)
        await asyncio.wait_for(turns(scope("/"), ignore, ignore), 10)
        assert app.sent == 1
        other_has_it.set()
        await slow

    run(visits())
    assert app.sent == 2


def test_other_connections_pass():
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["type"])

    run(PageTurns(app)({"type": "lifespan"}, ignore, ignore))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
    assert make_pages_in_turn().cls is PageTurns
