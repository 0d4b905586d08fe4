"""When a round may be promoted: it must be better on the hold-out, and no worse on rendered scenes."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import Verdict
from annotation.rounds.stored_texts import stored
from spotter.language import tr


def may_promote(verdict: Verdict, warnings: Sequence[str], config: RoundConfig) -> tuple[bool, str]:
    """Whether the rule allows it, and why, in one sentence. `warnings`: about the corrections."""
    difference = verdict.difference
    rendered = verdict.rendered_after.end_to_end.value - verdict.rendered_before.end_to_end.value
    on_the_holdout = tr("end-to-end H on the hold-out changes by {points} (95 % interval {low} to {high})")
    in_parts = tr("end-to-end H in cross-validation changes by {points} (95 % interval {low} to {high})")
    measured = (in_parts if verdict.cross_validated else on_the_holdout).format(
        points=points(difference.value),
        low=points(difference.low),
        high=points(difference.high),
    )
    reasons = []
    if not difference.value > config.min_mean:
        reasons.append(tr("the mean must be above {limit}", limit=points(config.min_mean)))
    if not difference.low > config.min_lower_end:
        reasons.append(tr("the lower end must be above {limit}", limit=points(config.min_lower_end)))
    if rendered < config.min_rendered:
        reasons.append(
            tr(
                "rendered scenes change by {points}, {limit} is the limit",
                points=points(rendered),
                limit=points(config.min_rendered),
            )
        )
    if warnings:
        looks = " ".join(map(stored, warnings))
        reasons.append(tr("the corrections look wrong: {warnings}", warnings=looks))
    if reasons:
        why = "; ".join(reasons).rstrip(".")
        return False, tr("Not better by the rule: {measured}; {reasons}.", measured=measured, reasons=why)
    return True, tr(
        "Better by the rule: {measured}; rendered scenes change by {points}.",
        measured=measured,
        points=points(rendered),
    )


def points(share: float) -> str:
    """+4.2, -0.3 or 0 percentage points."""
    rounded = round(100 * share, 1)
    return f"{rounded:+.1f}" if rounded else "0"
