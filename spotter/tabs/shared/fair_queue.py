"""Gradio's queue, in which everybody has a share.

Readings have limits of their own, so that edits are taken however many photos wait. Visitors take turns: who
asks for one thing waits for at most one of each other visitor, not for all that they have asked for. An edit
waits only for the edits of others, not for a class that opens the page at once, which takes seconds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import fastapi
import gradio as gr
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, Queue
from gradio.server_messages import EventMessage, LogMessage, ProcessCompletedMessage

from spotter.language import ENGLISH, speaking, tr
from spotter.tabs.shared.careful_blocks import unusable
from spotter.tabs.shared.events import QUEUE, is_urgent
from spotter.tabs.shared.visitor import network_of

State = Literal["success", "error", "queue_full", "validator_error"]


@dataclass(frozen=True)
class Share:
    """How many events may wait."""

    session: int  # of one page
    address: int  # of all pages from one address: a class shares one
    total: int

    def refusal(self, session: int, address: int, total: int) -> str:
        """One sentence if this many wait already, else ""."""
        if session >= self.session:
            return tr(
                "{count} of your requests are waiting already; try again when they are done.", count=session
            )
        if address >= self.address:
            return tr(
                "{count} requests from your address are waiting already; try again in a minute.",
                count=address,
            )
        if total >= self.total:
            return tr("{count} requests are waiting already; try again in a few minutes.", count=total)
        return ""


READINGS = Share(session=8, address=100, total=300)
OTHERS = Share(session=64, address=600, total=2000)  # edits, pages, status


class FairQueue(Queue):
    """See the module."""

    async def push(
        self, body: PredictBodyInternal, request: fastapi.Request, username: str | None
    ) -> tuple[bool, str | list[dict[str, Any]], State]:
        if body.fn_index not in self.blocks.fns:
            return False, tr("There is no such function."), "error"
        lane = self.blocks.fns[body.fn_index].concurrency_id
        if sentence := self._refusal(lane == QUEUE["concurrency_id"], body.session_hash, request):
            return False, sentence, "error"  # queue_full would replace the sentence on the page
        pushed = await super().push(body, request, username)
        if pushed[0]:
            waiting = self.event_queue_per_concurrency_id[lane].queue
            if waiting and waiting[-1]._id == pushed[1] and take_turns(waiting):
                self.broadcast_estimations(lane)
        return pushed

    def send_message(self, event: Event, event_message: EventMessage) -> None:
        """Gradio has English titles (that of errors stays so: its page ignores what is sent, in 6.31), and no
        sentence for faults of ours and values no page would send.
        """
        with speaking(event.fn.page or ENGLISH):
            titles = {"Warning": tr("Warning"), "Info": tr("Info")}
            if isinstance(event_message, ProcessCompletedMessage) and not event_message.success:
                output = event_message.output
                output["error"] = output.get("error") or unusable()
            elif isinstance(event_message, LogMessage):
                event_message.title = titles.get(event_message.title, event_message.title)
        super().send_message(event, event_message)

    def _refusal(self, is_reading: bool, session: str | None, request: fastapi.Request) -> str:
        waiting = [
            event
            for lane, events in self.event_queue_per_concurrency_id.items()
            if (lane == QUEUE["concurrency_id"]) == is_reading
            for event in events.queue
        ]
        network = network_of(request)
        same_session = sum(event.session_hash == session for event in waiting)
        same_address = sum(network_of(event.request) == network for event in waiting)
        share = READINGS if is_reading else OTHERS
        return share.refusal(same_session, same_address, len(waiting))


def take_turns(waiting: list[Event]) -> bool:
    """Moves the last event to its turn: before the second ones of others if it is its visitor's first, and so
    on; an urgent one that is its visitor's first goes before all that are not. Whether it has been moved.
    """
    *before, new = waiting
    turn = sum(event.session_hash == new.session_hash for event in before)
    goes_first = not turn and is_urgent(new.fn.fn)
    counts: Counter[str] = Counter()
    for place, event in enumerate(before):
        is_its_turn = counts[new.session_hash] == turn and counts[event.session_hash] > turn
        if is_its_turn or (goes_first and not is_urgent(event.fn.fn)):
            waiting.insert(place, waiting.pop())
            return True
        counts[event.session_hash] += 1
    return False


def share_queue(demo: gr.Blocks) -> gr.Blocks:
    """Gives a page such a queue."""
    demo.api_open = False  # else a request may go past it
    demo._queue = FairQueue(
        live_updates=True,
        concurrency_count=demo.max_threads,
        update_intervals=1,
        max_size=None,
        blocks=demo,
    )
    return demo
