"""A queue in which everybody has a share."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import gradio as gr
import httpx
import pytest
from gradio.queueing import Event, Queue
from gradio.server_messages import LogMessage

from spotter.tabs.shared import fair_queue
from spotter.tabs.shared.events import QUEUE, urgent
from spotter.tabs.shared.fair_queue import Share, share_queue, take_turns


@pytest.mark.parametrize(
    ("waiting", "word"),
    [
        ((0, 0, 0), ""),
        ((1, 2, 3), ""),
        ((2, 2, 2), "your requests"),
        ((1, 3, 3), "address"),
        ((0, 0, 4), "in"),
    ],
)
def test_a_share(waiting, word):
    sentence = Share(session=2, address=3, total=4).refusal(*waiting)
    assert word in sentence
    assert bool(sentence) == bool(word)


def event(session: str, number: int = 0) -> SimpleNamespace:
    """Of a visitor; in capitals: an urgent one."""
    handler = urgent(lambda: session) if session.isupper() else lambda: session
    return SimpleNamespace(session_hash=session.lower(), number=number, fn=SimpleNamespace(fn=handler))


def order(events: str) -> str:
    """In which order events are answered that came in this order, all of them while none is answered."""
    waiting: list = []
    for number, one in enumerate(events):
        waiting.append(event(one, number))
        take_turns(waiting)
    for session in set(events.lower()):  # what one visitor asks for stays in order
        numbers = [event.number for event in waiting if event.session_hash == session]
        assert numbers == sorted(numbers)
    return "".join(events[event.number] for event in waiting)


@pytest.mark.parametrize(
    ("came", "answered"),
    [("a", "a"), ("aa", "aa"), ("ab", "ab"), ("aab", "aba"), ("aaab", "abaa"), ("aaabb", "ababa"),
     ("aaabbc", "abcaba"), ("aaabbca", "abcabaa"), ("abcabc", "abcabc"), ("A", "A"), ("aB", "Ba"),
     ("aA", "aA"), ("abC", "Cab"), ("aBC", "BCa"), ("abCc", "Cabc"), ("aabC", "Caba"), ("abA", "abA"),
     ("AaB", "ABa"), ("ABaCc", "ABCac")],
)  # fmt: skip
def test_visitors_take_turns(came, answered):
    assert order(came) == answered


def test_who_has_been_answered_before_waits_no_less():
    waiting: list = [event(one) for one in "aaab"]  # of four of the first one, one is answered
    assert take_turns(waiting)
    assert [event.session_hash for event in waiting] == ["a", "b", "a", "a"]


@pytest.fixture
def page(monkeypatch):
    """A page whose readings wait for an event, and its address."""
    released = threading.Event()
    monkeypatch.setattr(fair_queue, "READINGS", Share(session=2, address=5, total=100))
    with gr.Blocks() as demo:
        box = gr.Textbox()
        box.change(lambda text: released.wait(60) and text, box, box, api_name="read", **QUEUE)
        box.input(lambda text: int(text), box, box, api_name="number", concurrency_id="correct")
        box.submit(lambda text: text, box, box, api_name="edit", concurrency_id="correct")
    share_queue(demo).launch(prevent_thread_lock=True, quiet=True, _frontend=False)  # as in app.py
    yield SimpleNamespace(url=demo.local_url, numbers={fn.api_name: i for i, fn in demo.fns.items()})
    released.set()
    demo.close()


def join(page, what: str, session: str | None = None) -> httpx.Response:
    body = {"data": ["x"], "fn_index": page.numbers[what], "session_hash": session or uuid.uuid4().hex}
    return httpx.post(f"{page.url}gradio_api/queue/join", json=body, timeout=60)


def result(page, session: str) -> str:
    with httpx.stream("GET", f"{page.url}gradio_api/queue/data?session_hash={session}", timeout=60) as stream:
        return next(line for line in stream.iter_lines() if "process_completed" in line)


def test_edits_are_taken_while_one_visitor_fills_the_queue(page):
    session = "one"
    answers = [join(page, "read", session) for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(answers) - len(refused) in (2, 3)  # one may have left the queue, as it is being answered
    assert {answer.json()["detail"] for answer in refused} == {
        "2 of your requests are waiting already; try again when they are done."
    }
    assert join(page, "edit", "two").status_code == 200
    assert '"success":true' in result(page, "two")


def test_one_address_with_many_sessions_has_a_limit(page):
    answers = [join(page, "read") for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(answers) - len(refused) in (5, 6)
    assert all("from your address" in answer.json()["detail"] for answer in refused)
    assert join(page, "edit", "two").status_code == 200


@pytest.mark.parametrize("what", ["read", "edit"])
def test_nothing_goes_past_the_queue(page, what):
    body = {"fn_index": page.numbers[what], "data": ["x"], "session_hash": "a"}
    for address, sent in (("predict", body), (what, {"data": ["x"]})):
        answer = httpx.post(f"{page.url}gradio_api/run/{address}", json=sent, timeout=60)
        assert answer.status_code == 404
        assert "join the queue" in answer.json()["detail"]


def test_a_class_of_64_gets_places(page, monkeypatch):
    monkeypatch.setattr(fair_queue, "READINGS", replace(fair_queue.READINGS, address=100))
    assert {join(page, "read").status_code for _ in range(64)} == {200}


def test_values_that_no_page_sends_get_a_sentence(page):
    assert join(page, "number", "a").status_code == 200  # of "x"
    assert "This could not be done with the values that were sent" in result(page, "a")


@pytest.mark.parametrize(("page", "note"), [("", "Info"), ("ko", "알림")])
def test_titles_are_in_the_language_of_the_page(monkeypatch, page, note):
    sent: list = []
    monkeypatch.setattr(Queue, "send_message", lambda _self, _event, message: sent.append(message))
    queue = share_queue(gr.Blocks())._queue
    event = cast(Event, SimpleNamespace(fn=SimpleNamespace(page=page)))
    for title in ("Info", "My title"):
        queue.send_message(event, LogMessage(log="A sentence.", level="info", title=title))
    assert [message.title for message in sent] == [note, "My title"]


@pytest.mark.parametrize("number", [-1, 999, 2**70])
def test_an_unknown_function_is_one_sentence(page, number):
    body = {"data": [], "fn_index": number, "session_hash": "a"}
    answer = httpx.post(f"{page.url}gradio_api/queue/join", json=body, timeout=60)
    assert (answer.status_code, answer.json()["detail"]) == (400, "There is no such function.")
