"""Rounds without a worker: a test says what they are and how they go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from annotation.rounds.records import (
    RUNNING,
    Figures,
    Gain,
    Interval,
    Progress,
    RegionChange,
    Round,
    RoundError,
    Verdict,
)
from annotation.rounds.service import Rounds
from annotation.store.store import Store

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NOTHING = Gain(0, 0, {}, 0, 10, 9.0, "all", "", [], "nano")
READY = Gain(
    62,
    1200,
    {"text": 210, "missed": 90, "shape": 60, "false": 20},
    12,
    0,
    9.0,
    "recogniser",
    "Of 380 corrections 210 were text (mostly 0 for O): the recogniser is trained.",
    [],
    "nano",
)


def interval(value: float, half: float = 0.03) -> Interval:
    return Interval(value, value - half, value + half)


def figures(end_to_end: float) -> Figures:
    return Figures(interval(end_to_end + 0.2), interval(end_to_end))


def verdict(before: float = 0.418, after: float = 0.441, **counts: int) -> Verdict:
    names = {name.replace("_", " "): count for name, count in counts.items()}
    difference = interval(after - before, 0.02)
    return Verdict(
        figures(before), figures(after), figures(0.55), figures(0.54), difference, names, share=0.5
    )


def finished(number: int, project_id: int, project: str = "p", **changes) -> Round:
    one = Round(
        id=number,
        number=number,
        project_id=project_id,
        project=project,
        state="done",
        started=NOON,
        ended=NOON,
        minutes=9.2,
        photos=62,
        words=380,
        part="recogniser",
        reason="Of 380 corrections 210 were text: the recogniser is trained.",
        parent="nano",
        weights=f"{number:064x}",
        verdict=verdict(),
        promoted=False,
        promoted_by="",
        promoted_at=None,
        promoted_reason="",
        served=False,
        message="",
    )
    return replace(one, **changes)


class FakeRounds(Rounds):
    """Everything is in lists; `calls` notes what was asked for."""

    def __init__(self, store: Store, weights: str = "nano") -> None:
        super().__init__(store, weights)
        self.rounds: list[Round] = []
        self.gained = READY
        self.now: Progress | None = None
        self.found: list[RegionChange] = []
        self.rule = (True, "Better by the rule: end-to-end H on the hold-out changes by +2.3.")
        self.calls: list[tuple] = []

    def change(self, round_id: int, **changes) -> Round:
        self.rounds = [replace(one, **changes) if one.id == round_id else one for one in self.rounds]
        return self.get(round_id)

    def get(self, round_id: int) -> Round:
        for one in self.rounds:
            if one.id == round_id:
                return one
        raise RoundError("There is no such round.")

    def gain(self, project_id: int) -> Gain:
        return self.gained

    def start(self, project_id, minutes=None, part="auto", who="", *options) -> Round:
        self.calls.append(("start", project_id, minutes, part, who, *filter(None, options)))
        if self.current():
            raise RoundError("Round 1 of <b>p</b> is running; wait until it ends or stop it.")
        number = len(self.rounds) + 1
        name = dict(self.store.projects())[project_id]
        changes = {"state": "preparing", "verdict": None, "weights": None, "ended": None}
        self.rounds.append(finished(number, project_id, name, **changes))
        self.now = Progress("preparing", 0.0, None)
        return self.rounds[-1]

    def name_characters(self, project_id: int, characters: str) -> None:
        self.calls.append(("name characters", project_id, characters))

    def current(self) -> Round | None:
        return next((one for one in self.rounds if one.state in RUNNING), None)

    def progress(self, round_id: int) -> Progress | None:
        return self.now

    def stop(self, round_id: int, who: str = "") -> None:
        self.change(round_id, state="stopped", message=f"Stopped by {who}.")

    def resume(self, round_id: int) -> Round:
        return self.change(round_id, state="training", message="")

    def list(self, project_id: int) -> list[Round]:
        return [one for one in reversed(self.rounds) if one.project_id == project_id]

    def changes(self, round_id: int) -> list[RegionChange]:  # type: ignore[valid-type]
        return self.found

    def may_promote(self, round_id: int) -> tuple[bool, str]:
        return self.rule

    def promote(self, round_id: int, who: str, reason: str = "") -> Round:
        self.calls.append(("promote", round_id, who, reason))
        self._serve(round_id)
        return self.change(round_id, promoted=True, promoted_by=who, promoted_at=NOON, promoted_reason=reason)

    def rollback(self, round_id: int | None, who: str) -> None:
        self.calls.append(("rollback", round_id, who))
        self._serve(round_id)

    def _serve(self, round_id: int | None) -> None:
        for one in self.rounds:
            self.change(one.id, served=one.id == round_id)

    def delete(self, round_id: int) -> None:
        self.rounds = [one for one in self.rounds if one.id != round_id]

    def served(self) -> tuple[str, str | Path]:
        for one in self.rounds:
            if one.served:
                return one.model_version, Path("weights") / f"{one.weights}.safetensors"
        return self.context.weights, self.context.weights

    def people_minutes(self, project_id: int) -> dict[int, float]:
        return {one.id: 12.34 for one in self.list(project_id)}

    def csv(self, project_id: int) -> str:
        return "round,photos\r\n" + "".join(f"{one.number},{one.photos}\r\n" for one in self.list(project_id))
