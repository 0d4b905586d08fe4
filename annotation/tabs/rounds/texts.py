"""The sentences of the tab. Plain text: what shows them escapes it."""

from __future__ import annotations

from annotation.rounds.characters import spoken
from annotation.rounds.config import RoundConfig
from annotation.rounds.records import Figures, Gain, Interval, Progress, Round, state_name
from annotation.rounds.stored_texts import stored
from annotation.tabs.panels.confirmation import words
from spotter.language import tr, trn

MINUS = "−"  # the sign, not the hyphen


def percent(interval: Interval) -> str:
    """'41.8 % (38.1–45.2)'."""
    return f"{100 * interval.value:.1f} % ({100 * interval.low:.1f}–{100 * interval.high:.1f})"


def points(value: float) -> str:
    """A difference of two shares: '+2.3', '−0.4'."""
    text = f"{100 * value:+.1f}"
    return {"+0.0": "0.0", "-0.0": "0.0"}.get(text, text).replace("-", MINUS)


def part_names() -> dict[str, str]:
    return {
        "all": tr("the whole spotter"),
        "detector": tr("the detector"),
        "recogniser": tr("the recogniser"),
    }


def gain_sentence(gain: Gain, has_photos: bool) -> str:
    """What a round could learn from."""
    if not has_photos:
        return tr("This project has no photos yet. Add some under Correct and correct their words.")
    if not gain.photos:
        return tr(
            "Nothing new to learn from: no photo has been corrected since {since}. "
            "Correct some and mark them as done.",
            since=gain.since,
        )
    kinds = sorted(((count, kind) for kind, count in gain.kinds.items() if count), reverse=True)
    what = words(gain.words)
    if kinds:
        what = tr(
            "{words}; {corrections}: {kinds}",
            words=what,
            corrections=trn("{number:,} correction", "{number:,} corrections", sum(gain.kinds.values())),
            kinds=", ".join(_of_kind(kind, count) for count, kind in kinds),
        )
    found = trn(
        "{number:,} corrected photo since {since} ({words}).",
        "{number:,} corrected photos since {since} ({words}).",
        gain.photos,
        since=gain.since,
        words=what,
    )
    minutes = duration(60 * max(1, round(gain.minutes)), in_minutes=True)
    takes = tr("A round takes about {minutes} on this machine.", minutes=minutes)
    return f"{found} {takes}"


def _of_kind(kind: str, count: int) -> str:
    """`kind`: of annotation.corrections.MISTAKES."""
    templates = {
        "text": tr("{count:,} text"),
        "missed": tr("{count:,} missed"),
        "false": tr("{count:,} false"),
        "shape": tr("{count:,} shape"),
        "split": tr("{count:,} split"),
        "merged": tr("{count:,} merged"),
        "illegible": tr("{count:,} illegible"),
    }
    return templates[kind].format(count=count)


def missing_sentence(gain: Gain, config: RoundConfig) -> str:
    """Why no round can start; "" if one can."""
    if not gain.missing:
        return ""
    return trn(
        "{number:,} more corrected photo is needed: "
        "a round needs {minimum}, of which {holdout} only judge it.",
        "{number:,} more corrected photos are needed: "
        "a round needs {minimum}, of which {holdout} only judge it.",
        gain.missing,
        minimum=config.min_photos,
        holdout=config.min_holdout,
    )


def cross_validation_sentence(config: RoundConfig) -> str:
    """What can be done with too few photos."""
    return tr(
        "Or start one now: it is trained {runs} times, and {parts} parts of the photos judge it in turn.",
        runs=config.folds + 1,
        parts=config.folds,
    )


def characters_sentence(characters: str) -> str:
    """Which characters the reader would learn; "" for none."""
    if not characters:
        return ""
    return trn(
        "The reader learns {number:,} character of the texts that it does not know yet: {characters}.",
        "The reader learns {number:,} characters of the texts that it does not know yet: {characters}.",
        len(characters),
        characters=spoken(characters),
    )


def duration(seconds: float, in_minutes: bool = False) -> str:
    """'40 seconds', '4 minutes'."""
    if seconds < 90 and not in_minutes:
        return trn("{number:,} second", "{number:,} seconds", max(1, round(seconds)))
    return trn("{number:,} minute", "{number:,} minutes", round(seconds / 60))


def progress_sentence(one: Round, progress: Progress | None, project: str) -> str:
    """Which round runs, its stage and the time left. `project`: the one on the page."""
    name = one.name.capitalize()
    if one.project != project:
        name = tr("{round} of the project {project}", round=name, project=one.project)
    if progress is None:
        return tr("{round}: starting.", round=name)
    stages = {
        "preparing": tr("preparing the photos"),
        "training": tr("training"),
        "judging": tr("comparing it with the weights before"),
    }
    stage = stages.get(progress.state, progress.state)
    if progress.seconds_left is None:
        return tr("{round}: {stage}.", round=name, stage=stage)
    left = duration(progress.seconds_left)
    return tr("{round}: {stage}, about {time} left.", round=name, stage=stage, time=left)


def unfinished_sentence(one: Round) -> str:
    """What became of a round that was stopped or failed."""
    why, name = stored(one.message.strip()).rstrip("."), one.name.capitalize()
    if one.state == "stopped":
        what = (
            tr("{round} was stopped: {reason}.", round=name, reason=why)
            if why
            else tr("{round} was stopped.", round=name)
        )
    elif why:
        what = tr("{round} failed: {reason}.", round=name, reason=why)
    else:
        what = tr("{round} failed.", round=name)
    return f"{what} " + tr("The weights served stay as they are.")


def comparison(name: str, before: Figures, after: Figures) -> str:
    """One line for a set of photos, both figures."""
    return tr(
        "{name}: end-to-end H {before} → {after}, detection H {found_before} → {found_after}",
        name=name,
        before=percent(before.end_to_end),
        after=percent(after.end_to_end),
        found_before=percent(before.detection),
        found_after=percent(after.detection),
    )


def verdict_sentence(one: Round) -> str:
    """The difference on the hold-out with its interval; "" for a round without a verdict."""
    if one.verdict is None:
        return ""
    found = one.verdict.difference
    on_the_holdout = tr("{points} points of end-to-end H on the hold-out ({low} to {high})")
    in_parts = tr("{points} points of end-to-end H in cross-validation ({low} to {high})")
    return (in_parts if one.verdict.cross_validated else on_the_holdout).format(
        points=points(found.value),
        low=points(found.low),
        high=points(found.high),
    )


def state_text(one: Round) -> str:
    """For the ledger: what the round is, in one or two words."""
    if one.served:
        return tr("served")
    if one.promoted:
        return tr("promoted")
    return tr("not promoted") if one.state == "done" else state_name(one.state)
