"""The lesson deck: one photo's way through the network as a PDF of nine pages, for a class or a talk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.explain import picked_points, roi_sampling
from spotter.explain.canvas import tiles
from spotter.explain.lesson_deck_page import Page, draw_page
from spotter.explain.polygon_text import words_read
from spotter.explain.topics import (
    conversion,
    hmean,
    levels,
    masks,
    matching,
    reading,
    roi_align,
    stages,
    two_level,
    two_stage_comparison,
    windows,
)
from spotter.explain.topics.overview import draw_overview

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

NO_WORDS = "No words were found on this photo, so there is nothing to follow here."


@dataclass(frozen=True)
class Lesson:
    """What the pages are made of."""

    spotter: Spotter
    trace: Trace
    word: int | None  # that is followed; None on a photo without words
    truth: str  # lines of true words
    progress: Callable[..., Any]

    @property
    def text(self) -> str:
        return self.trace.words[self.word].text or "(no text)"


def write_deck(
    path: Path,
    spotter: Spotter,
    trace: Trace,
    word: int | None,
    truth: str = "",
    progress: Callable[..., Any] = lambda *_, **__: None,
) -> int:
    """Writes the PDF and returns its number of pages. `truth`: true words as lines; empty: the words read."""
    from matplotlib.backends.backend_pdf import PdfPages

    lesson = Lesson(spotter, trace, word, truth or words_read(trace), progress)
    model = f"weights {trace.model.get('name')}, {(trace.model.get('sha256') or 'of unknown sum')[:12]}"
    details = {
        "Title": "SwinTextSpotter on one photo",
        "Subject": model,
        "Creator": "SwinTextSpotter, opened up",
    }
    with PdfPages(path, metadata=details) as pdf:
        for i, make in enumerate(PAGES):
            progress(i / len(PAGES), desc=f"Page {i + 1} of {len(PAGES)}")
            pdf.savefig(draw_page(make(lesson), i + 1, len(PAGES), model))
    return len(PAGES)


def swin_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    point = picked_points.place_of(
        trace, lesson.word, picked_points.MIDDLE if lesson.word is None else picked_points.WORD
    )
    pictures, spread = [], []
    for stage, block in windows.blocks(trace.config.depths)[:2]:
        at = windows.partners(trace, stage, block, point)
        weights = windows.attention(lesson.spotter, trace, at)
        pictures.append(windows.draw_photo(trace, at, weights)[0])
        spread.append(windows.effective(weights.mean(0)))
    size = trace.config.window
    return Page(
        "Swin: attention within windows",
        "section 3.1",
        f"A token looks only at the {size} × {size} tokens of its own window; the next block shifts the "
        "windows, so that what was cut apart meets. Left a plain block, right the shifted one after it, "
        "below the heads of the shifted one. The marked token spreads its attention as if over "
        f"{spread[0]:.0f} and {spread[1]:.0f} partners.",
        [tiles(pictures, 2), windows.draw_heads(trace, at, weights)[0]],
        formula=r"$A = \mathrm{softmax}\left(QK^\top / \sqrt{d} + B + M\right)$",
    )


def levels_page(lesson: Lesson) -> Page:
    from spotter.explain.layer_table import steps_of

    trace = lesson.trace
    steps = steps_of(lesson.spotter, trace)
    point = picked_points.place_of(
        trace, lesson.word, picked_points.MIDDLE if lesson.word is None else picked_points.WORD
    )
    picture = levels.draw_levels(trace, point, lesson.word, True, "energy", steps)[0]
    total = levels.count_text(sum(step.multiply_adds for step in steps))
    shapes = [[levels.shape_text(shape) for _, shape in step.outputs] for step in steps]
    return Page(
        "The feature pyramid",
        "section 3.1",
        "Four maps of the same photo, each half as fine as the one before; a box is cut out of the one that "
        f"suits its size. The table holds the real shape of every step for this photo ({total} multiply-adds "
        "in all).",
        [picture],
        [
            ("" if i else step.name, line)
            for step, outputs in zip(steps, shapes, strict=True)
            for i, line in enumerate(lines_of(outputs))
        ],
        formula=r"$k = \left\lfloor 4 + \log_2 (\sqrt{w\,h} / 224) \right\rfloor, \quad 2 \leq k \leq 5$",
    )


def lines_of(shapes: Sequence[str], room: int = 54) -> list[str]:
    """Shapes in lines of at most `room` characters; none is broken."""
    lines = [""]
    for shape in shapes:
        if lines[-1] and len(lines[-1]) + 1 + len(shape) > room:
            lines.append("")
        lines[-1] = f"{lines[-1]} {shape}".strip()
    return lines


def roi_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    box = roi_sampling.box_of(trace, lesson.word)
    still = roi_sampling.cut_one(trace, box)
    channel, middle = roi_sampling.strongest_channel(still), trace.config.roi_size // 2
    return Page(
        "RoIAlign: cutting a box out of a map",
        "section 3.2",
        "RoIAlign samples between the cells, so its answer glides when the box is nudged; RoIPool rounds the "
        "box to whole cells first, so it stands still and then jumps. The curve is measured on "
        "this photo's own features.",
        [
            roi_align.draw_map(trace, still, channel, middle, middle)[0],
            roi_align.draw_changes(trace, box, 0.0, 0)[0],
        ],
    )


def stages_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    count = len(trace.scores)
    own = int(trace.scores[-1].argmax()) if lesson.word is None else int(trace.proposal[lesson.word])
    shown = sorted({0, 1, 2, count // 2, count})
    show = frozenset({"others", "arrows", "path"})
    boxes = [stages.draw_stage(trace, own, stage, show, 620)[0] for stage in shown]
    values = stages.iou_with_final(trace, np.array([own]))[:, 0]
    return Page(
        f"Detector: {count} stages correct {trace.boxes.shape[1]} boxes",
        "section 3.2",
        f"The network starts from learned boxes and corrects them {count} times. Proposal {own} is marked; "
        "the IoU of its box with its last one goes "
        + ", ".join(f"{v:.2f}" for v in values)
        + ". No anchors; each word is to get one box. "
        + (
            "These weights do not keep to that well enough, so boxes that overlap a surer one are dropped."
            if trace.config.nms_iou < 1
            else "So there is no non-maximum suppression."
        ),
        [tiles([*boxes, stages.draw_iou(trace, own, count)[0]], 3)],
        formula=r"$c' = c + \frac{1}{2} d\, w, \qquad w' = w\, e^{d_w}$",
    )


def shapes_page(lesson: Lesson) -> Page:
    trace, code = lesson.trace, lesson.spotter.model.mask_code
    title, paper = "Detector: a shape in a few numbers, a match in a matrix", "section 3.2"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    coded = masks.code_polygon(trace, code, trace.polygon(lesson.word))
    kept = min(10, len(coded.ious))
    pictures = [masks.draw_masks(trace, coded, kept, lesson.word, columns=3)[0]]
    found = matching.match_words(trace, code, lesson.truth, len(trace.scores))
    if found is not None:
        shown = found.nearest(trace.box(lesson.word))
        pair = next((pair for pair in found.optimal if pair[1] == shown), found.optimal[0])
        pictures.append(matching.draw_matching(found, shown, pair)[0])
    return Page(
        title,
        paper,
        f"maskK, the outline of a word, is {len(coded.ious)} coefficients; from {kept} of them the outline "
        "of "
        f'"{lesson.text}" comes back with an IoU of {coded.ious[kept - 1]:.2f}, from all with '
        f"{coded.ious[-1]:.2f}. In training each true word gets exactly one proposal: the assignment that is "
        "cheapest in total (frames in the matrix of costs).",
        pictures,
        formula=r"$\hat m = \sigma\left(\mu + \sum_{i=1}^{k} a_i\,\sqrt{v_i}\; u_i\right) \qquad "
        r"C = \lambda_c C_{cls} + \lambda_l C_{L1} + \lambda_g C_{giou} + \lambda_m C_{mask}$",
    )


def conversion_page(lesson: Lesson) -> Page:
    from spotter.explain.interventions import GATES, off, reread

    trace, title, paper = lesson.trace, "Recognition Conversion", "section 3.3"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    whole = reread(lesson.spotter, trace, lesson.word)
    without = reread(lesson.spotter, trace, lesson.word, dict.fromkeys(GATES, off), mask=False)
    found = conversion.gradients(lesson.spotter, trace, lesson.word)
    return Page(
        title,
        paper,
        "The gates M1 to M3 come from the detector and dim what is not the word, softly, so that the reading "
        "loss flows back through them into detection. With all of them and maskK the network reads "
        f'"{whole.text}", without any "{without.text}". The gradient of reading at the proposal feature is '
        f"{found['none'][0]:.3g}; with the gates cut it is {found['all'][0]:.3g}.",
        [
            conversion.draw_gates(trace, lesson.word, lesson.truth, columns=3)[0],
            conversion.draw_gradients(found)[0],
        ],
        formula=r"$r_1 = a_3 \odot M_1, \quad r_2 = (E_u(r_1) + a_2) \odot M_2, \quad "
        r"r_3 = (E_u(r_2) + a_1) \odot M_3, \quad M_i = \sigma(d_i)$",
    )


def reader_page(lesson: Lesson) -> Page:
    trace, title, paper = lesson.trace, "Reading, one look a character", "section 3.4"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    word = trace.words[lesson.word]
    share = float(two_level.coarse_share(trace, lesson.word, 0).mean())
    return Page(
        title,
        paper,
        "Two-level attention first lets every cell ask its own window finely and the windows around coarsely "
        f"({share:.0%} of the attention here). Then the reader looks at one place after the other and names "
        "a "
        f'character each time: "{lesson.text}", sure to {word.reading_score:.2f}.',
        [
            reading.draw_attention(trace, lesson.word, 0)[0],
            reading.draw_alternatives(trace, lesson.word, 0)[0],
        ],
        formula=r"$e_i = v^\top \tanh(W_h h + W_f f_i), \quad \alpha = \mathrm{softmax}(e), \quad "
        r"c = \sum_i \alpha_i f_i, \quad h' = \mathrm{GRU}([y, c], h)$",
    )


def two_ways_page(lesson: Lesson) -> Page:
    trace, title, paper = lesson.trace, "Two ways to spot", "section 1"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    if missing := two_stage_comparison.missing():
        picture = two_stage_comparison.draw_inputs(trace, None, lesson.word)[0]
        return Page(
            title, paper, f"{missing} So this page shows what our reader gets, and no more.", [picture]
        )
    found = two_stage_comparison.spot_the_other_way(trace, lesson.progress)
    measured = two_stage_comparison.looseness(lesson.spotter, trace, lesson.truth)
    pictures = [
        two_stage_comparison.draw_heat(trace, found)[0],
        two_stage_comparison.draw_inputs(trace, found, lesson.word)[0],
    ]
    if measured is not None:
        cut = two_stage_comparison.draw_cut(trace, measured, lesson.word, two_stage_comparison.LOOSE)
        beside = [pictures[1], two_stage_comparison.draw_looseness(measured, two_stage_comparison.LOOSE)[0]]
        pictures = [pictures[0], tiles(beside if cut is None else [beside[0], cut[0], beside[1]], 1)]
    return Page(
        title,
        paper,
        "The usual way takes two networks: CRAFT marks characters, a box is cut out of the photo, a CRNN "
        "reads the grey pixels in it, neighbours and all. Ours reads features that its own mask has cleaned. "
        "The curve cuts the same words out ever more loosely for both.",
        pictures,
    )


def results_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    found = hmean.compare(trace, lesson.truth, 0.5, trace.config.score_threshold)
    s, e = found.detection, found.end_to_end
    known = lesson.truth != words_read(trace)
    note = "" if known else " The true words are only the words read: nobody has corrected them."
    return Page(
        "Results on this photo",
        "section 4",
        f"Words with a score of at least {trace.config.score_threshold:g}: {s.found}; true words: {s.true}. "
        f"Found: precision {s.precision:.2f}, recall {s.recall:.2f}, H-mean {s.hmean:.2f}. Found and read: "
        f"precision {e.precision:.2f}, recall {e.recall:.2f}, H-mean {e.hmean:.2f}." + note,
        [draw_overview(trace, lesson.word)[0], hmean.draw_comparison(trace, found, True)[0]],
        formula=r"$P = \mathrm{right} / \mathrm{found}, \qquad R = \mathrm{right} / \mathrm{true}, \qquad "
        r"H = 2PR / (P + R)$",
    )


PAGES = (
    swin_page,
    levels_page,
    roi_page,
    stages_page,
    shapes_page,
    conversion_page,
    reader_page,
    two_ways_page,
    results_page,
)
