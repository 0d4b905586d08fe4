"""What the corrections were, and which part of the model should therefore be trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from annotation.corrections import Correction, count_mistakes
from annotation.rounds.config import RoundConfig

DETECTION_KINDS = ("missed", "false", "shape", "split", "merged")
MIN_CONFUSED = 2  # times that a character was confused with another one, to be mentioned


@dataclass
class Mistakes:
    """Of the model, over several photos."""

    kinds: Counter[str] = field(default_factory=Counter)  # of annotation.corrections.MISTAKES
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)  # (read, right) characters

    @property
    def total(self) -> int:
        return self.kinds.total()

    def update(self, other: Mistakes) -> None:
        self.kinds.update(other.kinds)
        self.confusions.update(other.confusions)

    def add(self, corrections: Sequence[Correction]) -> None:
        """Those of one photo."""
        self.kinds.update(count_mistakes(corrections))
        for one in corrections:
            if "text" in one.kinds and one.before is not None and one.after is not None:
                self.confusions.update(confused_characters(one.before.text, one.after.text))


def confused_characters(read: str, right: str) -> list[tuple[str, str]]:
    """[("0", "O")] for "N0VA" and "NOVA"; characters that are only missing or added are not confused."""
    matcher = SequenceMatcher(None, read, right, autojunk=False)
    return [
        pair
        for action, i, j, k, m in matcher.get_opcodes()
        if action == "replace" and j - i == m - k
        for pair in zip(read[i:j], right[k:m], strict=True)
    ]


def choose_part(mistakes: Mistakes, config: RoundConfig) -> tuple[str, str]:
    """The part to train, and the reason in one sentence."""
    total, texts = mistakes.total, mistakes.kinds["text"]
    located = sum(mistakes.kinds[kind] for kind in DETECTION_KINDS)
    if not total:
        return "all", "No prediction was corrected: the whole model is trained."
    counted = f"Of {total} corrections" if total > 1 else "Of 1 correction"
    were = f"{texts} {'was' if texts == 1 else 'were'} text{_most_often(mistakes)}"
    located_were = f"{located} missed, false or reshaped words"
    if total < config.min_corrections:
        return "all", (
            f"{counted} {were} and {located_were}; with fewer than {config.min_corrections} "
            "the whole model is trained."
        )
    if texts >= config.recogniser_share * total:
        return "recogniser", f"{counted} {were}: the recogniser is trained."
    if located >= config.detector_share * total:
        return "detector", f"{counted} {located_were.replace(' ', ' were ', 1)}: the detector is trained."
    return "all", f"{counted} {were} and {located_were}: the whole model is trained."


def _most_often(mistakes: Mistakes) -> str:
    for (read, right), count in mistakes.confusions.most_common(1):
        if count >= MIN_CONFUSED:
            return (
                f" (mostly {read} for {right})"
                if count * 2 >= mistakes.kinds["text"]
                else (f" (most often {read} for {right})")
            )
    return ""
