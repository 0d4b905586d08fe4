"""The sentences of the tab. Plain text: what shows them escapes it."""

from __future__ import annotations

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import Figures, Gain, Interval, Progress, Round
from annotation.tabs.panels.confirmation import counted

PARTS = {"all": "the whole spotter", "detector": "the detector", "recogniser": "the recogniser"}
STAGES = {
    "preparing": "preparing the photos",
    "training": "training",
    "judging": "comparing it with the weights before",
}
MINUS = "−"  # the sign, not the hyphen


def percent(interval: Interval) -> str:
    """'41.8 % (38.1–45.2)'."""
    return f"{100 * interval.value:.1f} % ({100 * interval.low:.1f}–{100 * interval.high:.1f})"


def points(value: float) -> str:
    """A difference of two shares: '+2.3', '−0.4'."""
    text = f"{100 * value:+.1f}"
    return {"+0.0": "0.0", "-0.0": "0.0"}.get(text, text).replace("-", MINUS)


def gain_sentence(gain: Gain, has_photos: bool) -> str:
    """What a round could learn from."""
    if not has_photos:
        return "This project has no photos yet. Add some under Correct and correct their words."
    if not gain.photos:
        return (
            f"Nothing new to learn from: no photo has been corrected since {gain.since}. "
            "Correct some and mark them as done."
        )
    kinds = sorted(((count, kind) for kind, count in gain.kinds.items() if count), reverse=True)
    words = counted(gain.words, "word")
    if kinds:
        listed = ", ".join(f"{count:,} {kind}" for count, kind in kinds)
        words += f"; {counted(sum(gain.kinds.values()), 'correction')}: {listed}"
    minutes = counted(max(1, round(gain.minutes)), "minute")
    return (
        f"{counted(gain.photos, 'corrected photo')} since {gain.since} ({words}). "
        f"A round takes about {minutes} on this machine."
    )


def missing_sentence(gain: Gain, config: RoundConfig) -> str:
    """Why no round can start; "" if one can."""
    if not gain.missing:
        return ""
    verb = "is" if gain.missing == 1 else "are"
    return (
        f"{counted(gain.missing, 'more corrected photo')} {verb} needed: a round needs {config.min_photos}, "
        f"of which {config.min_holdout} only judge it."
    )


def duration(seconds: float) -> str:
    """'40 seconds', '4 minutes'."""
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    return counted(round(seconds / 60), "minute")


def progress_sentence(one: Round, progress: Progress | None, project: str) -> str:
    """Which round runs, its stage and the time left. `project`: the one on the page."""
    name = one.name.capitalize() + (f" of the project {one.project}" if one.project != project else "")
    if progress is None:
        return f"{name}: starting."
    stage = STAGES.get(progress.state, progress.state)
    left = "" if progress.seconds_left is None else f", about {duration(progress.seconds_left)} left"
    return f"{name}: {stage}{left}."


def unfinished_sentence(one: Round) -> str:
    """What became of a round that was stopped or failed."""
    message = one.message.strip().rstrip(".")
    what = "was stopped" if one.state == "stopped" else "failed"
    why = f": {message}" if message else ""
    return f"{one.name.capitalize()} {what}{why}. The weights served stay as they are."


def comparison(name: str, before: Figures, after: Figures) -> str:
    """One line for a set of photos, both figures."""
    return (
        f"{name}: end-to-end H {percent(before.end_to_end)} → {percent(after.end_to_end)}, "
        f"detection H {percent(before.detection)} → {percent(after.detection)}"
    )


def verdict_sentence(one: Round) -> str:
    """The difference on the hold-out with its interval; "" for a round without a verdict."""
    if one.verdict is None:
        return ""
    found = one.verdict.difference
    value = points(found.value)
    interval = f"{points(found.low)} to {points(found.high)}"
    return f"{value} points of end-to-end H on the hold-out ({interval})"


def state_text(one: Round) -> str:
    """For the ledger: what the round is, in one or two words."""
    if one.served:
        return "served"
    if one.promoted:
        return "promoted"
    return "not promoted" if one.state == "done" else one.state
