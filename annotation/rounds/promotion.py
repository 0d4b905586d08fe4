"""When a round may be promoted: it must be better on the hold-out, and no worse on rendered scenes."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import Verdict


def may_promote(verdict: Verdict, warnings: Sequence[str], config: RoundConfig) -> tuple[bool, str]:
    """Whether the rule allows it, and why, in one sentence. `warnings`: about the corrections."""
    difference = verdict.difference
    rendered = verdict.rendered_after.end_to_end.value - verdict.rendered_before.end_to_end.value
    measured = (
        f"end-to-end H on the hold-out changes by {points(difference.value)} "
        f"(95 % interval {points(difference.low)} to {points(difference.high)})"
    )
    reasons = []
    if not difference.value > config.min_mean:
        reasons.append(f"the mean must be above {points(config.min_mean)}")
    if not difference.low > config.min_lower_end:
        reasons.append(f"the lower end must be above {points(config.min_lower_end)}")
    if rendered < config.min_rendered:
        reasons.append(
            f"rendered scenes change by {points(rendered)}, {points(config.min_rendered)} is the limit"
        )
    if warnings:
        reasons.append(f"the corrections look wrong: {' '.join(warnings)}")
    if reasons:
        return False, f"Not better by the rule: {measured}; {'; '.join(reasons).rstrip('.')}."
    return True, f"Better by the rule: {measured}; rendered scenes change by {points(rendered)}."


def points(share: float) -> str:
    """+4.2, -0.3 or 0 percentage points."""
    rounded = round(100 * share, 1)
    return f"{rounded:+.1f}" if rounded else "0"
