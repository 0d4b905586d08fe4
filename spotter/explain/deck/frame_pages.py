"""Slides around the network: title, map, why one network, two ways compared, results, glossary."""

from __future__ import annotations

from spotter.explain.deck.lesson import Lesson, no_words
from spotter.explain.deck.map_picture import draw_network
from spotter.explain.deck.slide import Slide, in_halves
from spotter.explain.polygon_text import words_read
from spotter.explain.topics import hmean, two_stage_comparison
from spotter.explain.topics.overview import draw_overview
from spotter.language import tr, trn

MIN_IOU = 0.5  # of a word that counts as found
# As measured and printed in README.md, section "Results"; a test compares them.
MEASURED = (("72.0", "76.6"), ("26.0", "51.3"), ("5.6", "1.0"), ("22.2", "8.0"))
GLOSSARY = (  # in English and Korean on every deck
    ("receptive field", "수신 필드"),
    ("window attention", "윈도우 어텐션"),
    ("shifted window", "이동 윈도우"),
    ("token", "토큰"),
    ("feature pyramid", "특징 피라미드"),
    ("up-sampling", "업샘플링"),
    ("dilated convolution", "팽창 합성곱"),
    ("residual", "잔차"),
    ("normalisation", "정규화"),
    ("region of interest (RoI)", "관심영역"),
    ("quantisation", "양자화"),
    ("bilinear interpolation", "쌍선형보간"),
    ("global average pooling", "전역 평균 풀링"),
    ("proposal box", "제안 박스"),
    ("dynamic convolution", "동적 합성곱"),
    ("bipartite matching", "이분 매칭"),
    ("principal components (PCA)", "주성분 분석"),
    ("mask", "마스크"),
    ("Recognition Conversion", "인식 변환"),
    ("background noise", "배경 잡음"),
    ("two-level attention", "이중 수준 어텐션"),
    ("decoder", "디코더"),
    ("error accumulation", "오차 누적"),
    ("harmonic mean (H-mean)", "조화 평균"),
)


def title_slide(lesson: Lesson) -> Slide:
    trace = lesson.trace
    shown = [word for word in trace.words if word.score >= trace.config.score_threshold]
    sentences = [
        trn(
            "One network finds and reads {number} word on this photo.",
            "One network finds and reads {number} words on this photo.",
            len(shown),
        )
    ]
    if lesson.word is not None:
        sentences.append(tr("Every page follows the word “{text}”.", text=lesson.text))
    sentences += ["Huang et al., CVPR 2022, arXiv 2203.10209", lesson.weights]
    return Slide(
        tr("SwinTextSpotter on one photo"),
        sentences=sentences,
        pictures=[draw_overview(trace, lesson.word)],
        is_cover=True,
    )


def map_slide(lesson: Lesson) -> Slide:
    return Slide(
        tr("The whole network, on this photo"),
        tr("Paper, figure {figure}", figure=2),
        pictures=[draw_network(lesson.trace, lesson.word)],
    )


def why_slide(lesson: Lesson) -> Slide:
    trace, word = lesson.trace, lesson.word
    title, section = tr("Why one network?"), tr("Paper, section {section}", section="1")
    sentences = [
        tr(
            "Two networks in a row: one marks words, a box is cropped, the other reads all that lies in it. "
            "What the first gets wrong the second cannot undo (error accumulation)."
        ),
        tr("Each is trained for its own goal, and both are kept in memory and run."),
    ]
    if word is None:
        return Slide(title, section, [*sentences, no_words()])
    loose = two_stage_comparison.LOOSE
    content = two_stage_comparison.crop_content(trace, word, loose)
    share = tr(
        "Cropped {times:g} times as large, {word:.0%} of the crop is “{text}”, {others:.0%} are other words, "
        "{background:.0%} is background: noise for the second network. Our reader gets features that its own "
        "mask has cut.",
        times=loose,
        word=content.word,
        text=lesson.text,
        others=content.others,
        background=content.background,
    )
    pictures = [two_stage_comparison.draw_inputs(trace, None, word, loose)]
    return Slide(title, section, [*sentences, share], pictures=pictures)


def two_ways_slide(lesson: Lesson) -> Slide:
    trace, word = lesson.trace, lesson.word
    title = tr("Two ways compared: two networks and one")
    rows = [
        ("", tr("two networks"), tr("one network")),
        (tr("found, H-mean in %"), *MEASURED[0]),
        (tr("found and read, H-mean in %"), *MEASURED[1]),
        (tr("CPU time, relative"), *MEASURED[2]),
        (tr("million parameters"), *MEASURED[3]),
    ]
    sentences = [
        tr(
            "EasyOCR (CRAFT and a CRNN) and this network on 150 photographs of ICDAR 2015, without a "
            "lexicon. They were trained on different data, so this is an example of the paper's claim, no "
            "proof."
        )
    ]
    if word is None:
        return Slide(title, tr("Paper, section {section}", section="4"), sentences, table=rows)
    is_installed = not two_stage_comparison.missing_packages()
    found = two_stage_comparison.run_two_stage(trace, lesson.progress) if is_installed else None
    measured = two_stage_comparison.looseness(lesson.spotter, trace, lesson.truth)
    pictures = [
        two_stage_comparison.draw_heat(trace, found),
        two_stage_comparison.draw_looseness(measured, two_stage_comparison.LOOSE),
    ]
    if measured is not None:
        ours = measured.similarity(measured.ours)
        sentences.append(
            tr(
                "The words of this photo in looser and looser crops: the similarity of what ours reads to "
                "the truth goes from {tight:.2f} to {loose:.2f}.",
                tight=float(ours[two_stage_comparison.factor_index(1.0)]),
                loose=float(ours[-1]),
            )
        )
    return Slide(
        title,
        tr("Paper, section {section}", section="4"),
        sentences,
        pictures=[picture for picture in pictures if picture is not None],
        table=rows,
    )


def results_slide(lesson: Lesson) -> Slide:
    trace = lesson.trace
    found = hmean.evaluate_photo(trace, lesson.truth, MIN_IOU, trace.config.score_threshold)
    s, e = found.detection, found.end_to_end
    sentences = [
        tr(
            "Found: {found} words with a score of at least {score:g}. True: {true} words. A word is correct "
            "if it overlaps a true one (IoU above {iou:g}) and, end-to-end, is read correctly.",
            found=s.found,
            score=trace.config.score_threshold,
            true=s.true,
            iou=MIN_IOU,
        ),
        tr(
            "Detection: H = {detection:.3f}. End-to-end: H = {reading:.3f}.",
            detection=s.hmean,
            reading=e.hmean,
        ),
    ]
    if lesson.truth == words_read(trace):
        sentences.append(tr("No ground truth: the predicted words are used instead."))
    return Slide(
        tr("Results on this photo"),
        tr("Paper, section {section}", section="4"),
        sentences,
        [
            rf"$P = \frac{{{e.matched}}}{{{e.found}}} = {e.precision:.3f}, \quad "
            rf"R = \frac{{{e.matched}}}{{{e.true}}} = {e.recall:.3f}$",
            rf"$H = \frac{{2PR}}{{P + R}} = \frac{{2 \cdot {e.matched}}}{{{e.found} + {e.true}}} = "
            rf"{e.hmean:.3f}$",
        ],
        [hmean.draw_evaluation(trace, found, True)],
    )


def glossary_slide(_: Lesson) -> Slide:
    return Slide(tr("Glossary"), table=in_halves(("English", "한국어"), GLOSSARY))
