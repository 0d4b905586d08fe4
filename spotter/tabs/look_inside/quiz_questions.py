"""The ten questions that the lesson ends with, about one photo and one word; answers come from the trace."""

from __future__ import annotations

from spotter.language import tr
from spotter.tabs.look_inside.markdown import escape
from spotter.tabs.look_inside.questions import Question, numbers, third, thirds
from spotter.tabs.look_inside.tour_questions import tokens_and_window
from spotter.tabs.look_inside.view import ViewInput

COUNT = 10
BOX_NUMBERS = 4
NEARLY_ALL = 0.9  # of a crop
ABOUT_EQUAL = 0.02  # difference of two means of a gate that is called none


def ask_all(at: ViewInput) -> list[Question]:
    """In the order of the views."""
    asking = (
        ask_crop, ask_pairs, ask_cells, ask_field, ask_first_box,
        ask_partners, ask_vector, ask_gate, ask_steps, ask_mean,
    )  # fmt: skip
    return [ask(at) for ask in asking]


def ask_crop(at: ViewInput) -> Question:
    from spotter.explain.topics.two_stage_comparison import crop_content

    share = crop_content(at.trace, at.selected, 1.0).word
    if share > NEARLY_ALL:
        reason = tr(
            "It is {share:.0%}: this word fills its crop. A curved word, or a badly placed box, hands on "
            "what lies around it.",
            share=share,
        )
    else:
        reason = tr(
            "It is {share:.0%}; the rest is what a second network, trained apart, would have to ignore.",
            share=share,
        )
    text = tr("The word is cropped as tightly as it was found. How much of the crop is the word?")
    return Question(text, thirds(), lambda: (third(share), reason))


def ask_pairs(at: ViewInput) -> Question:
    tokens, window = tokens_and_window(at)
    times = max(round(tokens / window), 1)
    options, right = numbers(times, max(times // 10, 1), times * 10)
    reason = tr(
        "{tokens:,} tokens with {window} each, instead of {tokens:,} with {tokens:,}.",
        tokens=tokens,
        window=window,
    )
    text = tr("How many times fewer pairs of tokens does the first block compare because of its windows?")
    return Question(text, options, lambda: (right, reason))


def ask_cells(at: ViewInput) -> Question:
    fine, coarse = at.trace.levels[0].shape[1:], at.trace.levels[-1].shape[1:]
    options, right = numbers(round(fine[0] * fine[1] / (coarse[0] * coarse[1])), 8, 16)
    reason = tr(
        "P2 has {rows} × {columns} cells, P5 {coarse_rows} × {coarse_columns}: half as many rows and columns "
        "from each level to the next.",
        rows=fine[0],
        columns=fine[1],
        coarse_rows=coarse[0],
        coarse_columns=coarse[1],
    )
    text = tr("How many times more cells does P2 have than P5?")
    return Question(text, options, lambda: (right, reason))


def ask_field(at: ViewInput) -> Question:
    from spotter.explain.theoretical_field import dilated_cells

    dilations = at.trace.config.dilations
    cells = dilated_cells(dilations)
    options, right = numbers(max(cells) - min(cells) + 1, 3, 1 + 2 * len(dilations))
    reason = tr(
        "The dilations {dilations} reach {reach} cells to either side.",
        dilations="-".join(map(str, dilations)),
        reach=max(cells),
    )
    text = tr("Across how many cells of its level does a cell see after the dilated block?")
    return Question(text, options, lambda: (right, reason))


def ask_first_box(at: ViewInput) -> Question:
    from spotter.explain.topics.stages import iou_with_final

    iou = float(iou_with_final(at.trace, at.trace.proposal_index[[at.selected]])[0, 0])
    reason = tr(
        "The IoU is {iou:.2f}: the learned box knows nothing of this photo, and the stages bring it to the "
        "word.",
        iou=iou,
    )
    text = tr("How much does the box that this word started from overlap with the one it ended as (IoU)?")
    return Question(text, thirds(), lambda: (third(iou), reason))


def ask_partners(at: ViewInput) -> Question:
    from spotter.explain.topics.two_level import NEIGHBOURS

    config = at.trace.config
    (height, width), window = config.recognition_roi, config.two_level_window
    keys = window**2 + NEIGHBOURS**2
    options, right = numbers(keys, window**2, height * width)
    reason = tr(
        "{fine} of its own window and {coarse} windows as a whole, its own included: fine where it is, "
        "coarse around it.",
        fine=window**2,
        coarse=NEIGHBOURS**2,
    )
    text = tr(
        "The features of the word have {cells} cells. How many keys has one of them in two-level attention?",
        cells=height * width,
    )
    return Question(text, options, lambda: (right, reason))


def ask_vector(at: ViewInput) -> Question:
    count, side = at.trace.mask_vectors.shape[2], at.trace.mask_k.shape[-1]
    options, right = numbers(count, BOX_NUMBERS, side**2)
    reason = tr(
        "{count} coefficients of principal components, from which a mask of {side} × {side} cells is made.",
        count=count,
        side=side,
    )
    text = tr("How many numbers does the detector predict for the shape of this word?")
    return Question(text, options, lambda: (right, reason))


def ask_gate(at: ViewInput) -> Question:
    from spotter.explain.topics.conversion import leakage

    found = leakage(at.trace, at.selected, "m3")
    if found is None:
        return ask_gradient()
    difference = found.inside - found.outside
    right = 0 if difference > ABOUT_EQUAL else 2 if difference < -ABOUT_EQUAL else 1
    reason = tr(
        "{inside:.2f} on the word and {outside:.2f} around it, by maskK. The mean hides that single channels "
        "differ far more.",
        inside=found.inside,
        outside=found.outside,
    )
    text = tr("Where is M3, averaged over its channels, more open?")
    options = tr("on the word"), tr("about the same on both"), tr("around the word")
    return Question(text, options, lambda: (right, reason))


def ask_gradient() -> Question:
    """In place of `ask_gate` where the word fills its crop."""
    reason = tr("Detached from them, the gradient at the proposal feature is 0.")
    text = tr("Through what does the gradient of reading reach the feature of the proposal?")
    options = tr("the gates M1 to M3"), "maskK", tr("nothing, it ends before")
    return Question(text, options, lambda: (0, reason))


def ask_steps(at: ViewInput) -> Question:
    from spotter.explain.topics.reading import step_count

    word = at.trace.words[at.selected].text
    options, right = numbers(step_count(at.trace, at.selected), len(word), at.trace.ids.shape[1])
    reason = tr("One for each character of {word}, and one for the end.", word=escape(word))
    text = tr("How many steps did the decoder need for this word?")
    return Question(text, options, lambda: (right, reason))


def ask_mean(at: ViewInput) -> Question:
    from spotter.explain.topics.hmean import evaluate_photo

    found = evaluate_photo(at.trace, at.truth, 0.5, at.trace.config.score_threshold).detection
    counts = found.matched, found.found, found.true
    if len({f"{value:.2f}" for value in means(*counts)}) < 3:
        counts = 1, 1, 4  # of a photo on which only one word of four is found
    precision, recall = counts[0] / counts[1], counts[0] / counts[2]
    values = means(*counts)
    order = sorted(range(3), key=lambda i: values[i])
    reason = tr(
        "2 · {matched} / ({found} + {true}): the harmonic mean stays near the smaller of the two.",
        matched=counts[0],
        found=counts[1],
        true=counts[2],
    )
    text = tr(
        "Precision is {precision:.2f} and recall {recall:.2f}. What is the H-mean?",
        precision=precision,
        recall=recall,
    )
    options = tuple(f"{values[i]:.2f}" for i in order)
    return Question(text, options, lambda: (order.index(0), reason))


def means(matched: int, found: int, true: int) -> tuple[float, float, float]:
    """Harmonic and arithmetic mean, and product, of precision and recall."""
    precision, recall = matched / max(found, 1), matched / max(true, 1)
    return 2 * matched / max(found + true, 1), (precision + recall) / 2, precision * recall
