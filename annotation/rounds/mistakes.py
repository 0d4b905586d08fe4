"""What the corrections were, and which part of the model should therefore be trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from annotation.corrections import Correction, count_mistakes
from annotation.rounds.config import RoundConfig
from spotter.language import tr

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
        return "all", tr("No prediction was corrected: the whole model is trained.")
    were = tr("1 was text") if texts == 1 else tr("{number:d} were text", number=texts)
    were = _with_most_often(were, mistakes)
    if total == 1:
        return "all", tr(
            "Of 1 correction {texts} and {number:d} missed, false or reshaped words; "
            "with fewer than {minimum:d} the whole model is trained.",
            texts=were,
            number=located,
            minimum=config.min_corrections,
        )
    if total < config.min_corrections:
        return "all", tr(
            "Of {total:d} corrections {texts} and {number:d} missed, false or reshaped words; "
            "with fewer than {minimum:d} the whole model is trained.",
            total=total,
            texts=were,
            number=located,
            minimum=config.min_corrections,
        )
    if texts >= config.recogniser_share * total:
        return "recogniser", tr(
            "Of {total:d} corrections {texts}: the recogniser is trained.", total=total, texts=were
        )
    if located >= config.detector_share * total:
        return "detector", tr(
            "Of {total:d} corrections {number:d} were missed, false or reshaped words: "
            "the detector is trained.",
            total=total,
            number=located,
        )
    return "all", tr(
        "Of {total:d} corrections {texts} and {number:d} missed, false or reshaped words: "
        "the whole model is trained.",
        total=total,
        texts=were,
        number=located,
    )


def _with_most_often(texts: str, mistakes: Mistakes) -> str:
    for (read, right), count in mistakes.confusions.most_common(1):
        if count >= MIN_CONFUSED and count * 2 >= mistakes.kinds["text"]:
            return tr("{texts} (mostly {read} for {right})", texts=texts, read=read, right=right)
        if count >= MIN_CONFUSED:
            return tr("{texts} (most often {read} for {right})", texts=texts, read=read, right=right)
    return texts
