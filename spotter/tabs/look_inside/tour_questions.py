"""What the guided tour asks before it shows a view: a guess about this photo, answered on it.

Each function gets what a view gets to draw, with a word. Answers are computed when they are asked for.
"""

from __future__ import annotations

import numpy as np

from spotter.language import tr
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.questions import Question, interval, numbers, third, thirds
from spotter.tabs.look_inside.view import ViewInput

LOW_SCORE = 0.1  # the threshold that the question about recall lowers to
NEIGHBOURS = 8


def tokens_and_window(at: ViewInput) -> tuple[int, int]:
    """Tokens of the first stage of the backbone, and those of a window."""
    height, width = at.trace.padded_size
    return height // 4 * (width // 4), at.trace.config.window**2


def ask_why(at: ViewInput) -> Question:
    from spotter.explain.topics.two_stage_comparison import LOOSE, crop_content

    def answer() -> tuple[int, str]:
        content = crop_content(at.trace, at.selected, LOOSE)
        reason = tr(
            "{word:.0%} of it is the word, {others:.0%} are other words, the rest is background.",
            word=content.word,
            others=content.others,
        )
        return third(content.word), reason

    text = tr(
        "Two networks in a row: the first marks this word, and the second gets its crop, {factor:g} times as "
        "large to be on the safe side. How much of that crop is the word?",
        factor=LOOSE,
    )
    return Question(text, thirds(), answer)


def ask_windows(at: ViewInput) -> Question:
    tokens, window = tokens_and_window(at)
    options, right = numbers(window, NEIGHBOURS, tokens)
    reason = tr(
        "A token compares itself with those of its own window only. All with all would be {times:,.0f} times "
        "as many pairs.",
        times=tokens / window,
    )
    text = tr(
        "This photo becomes {tokens:,} tokens. With how many tokens does one compare itself in the first "
        "block?",
        tokens=tokens,
    )
    return Question(text, options, lambda: (right, reason))


def ask_pyramid(at: ViewInput) -> Question:
    from spotter.explain.topics.levels import level_rule, stride_of

    x1, y1, x2, y2 = box = at.trace.box(at.selected)
    level = level_rule(box)[1]
    reason = tr(
        "Its box has {width:.0f} × {height:.0f} pixels of the network's input, and a cell of P{level} has "
        "{stride} × {stride}: small words come from fine levels, large ones from coarse levels.",
        width=x2 - x1,
        height=y2 - y1,
        level=level + 2,
        stride=stride_of(level),
    )
    text = tr("P2 is the finest of four maps, P5 the coarsest. From which does the detector take this word?")
    return Question(text, ("P2", "P3", "P4", "P5"), lambda: (level, reason))


def ask_start(at: ViewInput) -> Question:
    words, proposals = len(at.trace.words), at.trace.boxes.shape[1]
    options, right = numbers(proposals, words, tokens_and_window(at)[0])
    reason = tr(
        "The boxes are learned and lie where they lie before the network has seen the photo; {words} of them "
        "end up as words.",
        words=words,
    )
    text = tr("With how many boxes does the search for the words of this photo start?")
    return Question(text, options, lambda: (right, reason))


def ask_roi(at: ViewInput) -> Question:
    from spotter.explain.roi_sampling import box_of, cached_step_changes

    def answer() -> tuple[int, str]:
        aligned, pooled = cached_step_changes(at.trace, box_of(at.trace, at.word), 0)
        changed = int((pooled > 0).sum())
        reason = tr(
            "They change at {changed} of {nudges} shifts, as RoIPool rounds the box to whole cells. Those of "
            "RoIAlign change at {aligned}.",
            changed=changed,
            nudges=len(pooled),
            aligned=int((aligned > 0).sum()),
        )
        return (2 if not changed else 0 if changed == len(pooled) else 1), reason

    text = tr(
        "The box of this word is shifted by a quarter of a pixel, again and again. When do the features "
        "change that RoIPool cuts out?"
    )
    return Question(text, (tr("at every shift"), tr("only now and then"), tr("never")), answer)


def ask_stage(at: ViewInput) -> Question:
    config = at.trace.config
    reason = tr(
        "Every proposal writes {numbers:,} numbers of its own, two filters, and only these look at its box.",
        numbers=2 * config.channels * config.dynamic_dim,
    )
    text = tr(
        "{proposals} proposals look at the same photo. Which filters does each use?",
        proposals=at.trace.boxes.shape[1],
    )
    options = (
        tr("the same as all others"),
        tr("two that its own feature writes"),
        tr("one for every letter"),
    )
    return Question(text, options, lambda: (1, reason))


def ask_stages(at: ViewInput) -> Question:
    from spotter.explain.topics.stages import iou_with_final

    ious = iou_with_final(at.trace, at.trace.proposal_index[[at.selected]])[:, 0]
    stage = int(np.diff(ious).argmax()) + 1
    last = len(ious) - 1
    reason = tr(
        "Stage {stage}: its overlap with the final box (IoU) goes from {before:.2f} to {after:.2f}.",
        stage=stage,
        before=ious[stage - 1],
        after=ious[stage],
    )
    text = tr("{stages} stages correct the box of this word. Which takes it furthest?", stages=last)
    options = tr("the first"), tr("one in the middle"), tr("the last")
    return Question(text, options, lambda: (0 if stage == 1 else 2 if stage == last else 1, reason))


def ask_mask(at: ViewInput) -> Question:
    from spotter.explain.topics.masks import code_polygon

    def answer() -> tuple[int, str]:
        code = at.spotter().model.mask_code
        ious = code_polygon(at.trace, code, at.trace.polygon(at.selected)).ious
        one = round(float(ious[0]), 2)
        reason = tr(
            "With one number the IoU is {one:.2f}, with {count} it is {all:.2f}.",
            one=one,
            count=len(ious),
            all=ious[-1],
        )
        return interval(one, (0.5, 0.8)), reason

    text = tr(
        "A single number describes the outline of this word. How well does the drawn mask agree with the "
        "true one (IoU)?"
    )
    return Question(text, (tr("below 0.5"), tr("0.5 to 0.8"), tr("0.8 or more")), answer)


def ask_conversion(at: ViewInput) -> Question:
    def answer() -> tuple[int, str]:
        from spotter.tracing.interventions import gate_off, reread

        spotter = at.spotter()
        whole = reread(spotter, at.trace, at.selected)
        other = reread(spotter, at.trace, at.selected, [gate_off("M3")])
        reason = tr(
            "As it is, the network reads {whole} (−log p = {whole_surprise:.2f}), with M3 open {text} "
            "(−log p = {surprise:.2f}).",
            whole=escape(whole.text),
            whole_surprise=whole.surprise,
            text=escape(other.text),
            surprise=other.surprise,
        )
        return int(other.text != whole.text), reason

    text = tr("The last gate, M3, is opened, so that it holds nothing back. Is this word read as before?")
    return Question(text, (tr("yes, the same text"), tr("no, another text")), answer)


def ask_letters(at: ViewInput) -> Question:
    from spotter.explain.topics.reading import class_name, force, step_count

    trace, word = at.trace, at.selected
    step = min(1, step_count(trace, word) - 1)
    likely = [*trace.top_ids[word, step].tolist(), 1, 2]  # 0 is the end of the word
    other = next(i for i in likely if i and i != trace.ids[word, step])

    def answer() -> tuple[int, str]:
        ids, _ = force(at.spotter(), trace, word, step, other)
        text = "".join(class_name(trace, i) for i in ids if i)
        original = trace.words[word].text
        reason = tr("It reads {text} instead of {original}.", text=escape(text), original=escape(original))
        return int(text[step + 1 :] != original[step + 1 :]), reason

    text = tr(
        "Character {number} of this word is replaced by {character}, and the reader goes on from there. Do "
        "the later characters change?",
        number=step + 1,
        character=escape(class_name(trace, other)),
    )
    return Question(text, (tr("no, they stay"), tr("yes")), answer)


def ask_hmean(at: ViewInput) -> Question:
    from spotter.explain.topics.hmean import evaluate_photo

    def answer() -> tuple[int, str]:
        usual = at.trace.config.score_threshold
        high, low = (
            evaluate_photo(at.trace, at.truth, 0.5, threshold).detection for threshold in (usual, LOW_SCORE)
        )
        reason = tr(
            "What was reported still is, and more with it, right or wrong. Here precision goes from "
            "{precision:.2f} to {low_precision:.2f} and recall from {recall:.2f} to {low_recall:.2f}.",
            precision=high.precision,
            low_precision=low.precision,
            recall=high.recall,
            low_recall=low.recall,
        )
        return 1, reason

    text = tr(
        "The score threshold is lowered from {usual:g} to {low:g}. Which of the two cannot fall?",
        usual=at.trace.config.score_threshold,
        low=LOW_SCORE,
    )
    return Question(text, (tr("precision"), tr("recall")), answer)
