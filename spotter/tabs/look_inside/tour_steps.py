"""The steps of the guided tour, in the order of the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spotter.language import tr
from spotter.tabs.look_inside import tour_questions as ask
from spotter.tabs.look_inside.questions import Question
from spotter.tabs.look_inside.view import ViewInput


@dataclass(frozen=True)
class TourStep:
    view: str | None  # name of the view that opens; None: the open one stays
    target: str  # selector of what the step speaks of: it is scrolled to and framed
    title: str
    text: str  # what to look at
    ask: Callable[[ViewInput], Question] | None = None  # before the view is shown; needs a word


def steps() -> tuple[TourStep, ...]:
    return (
        TourStep(
            None,
            "#inside-map",
            tr("The map"),
            tr(
                "This is the whole network with this photo in it: green finds words, orange reads them. A "
                "click on a part opens its view below. All views follow the one word that the bar above "
                "names."
            ),
        ),
        TourStep(
            "why",
            "#two-stage-inputs",
            tr("Why one network?"),
            tr(
                "The usual way crops a box and hands its pixels to a second network: whatever else lies in "
                "the box comes along, and a badly placed box cannot be corrected any more. Compare the two "
                "crops."
            ),
            ask.ask_why,
        ),
        TourStep(
            "windows",
            "#windows-picture",
            tr("Swin: attention within windows"),
            tr(
                "The network first splits the photo into tokens. The orange one attends only to the tokens "
                "in its own window. Choose the shifted block and see the window move: tokens that were "
                "separated now meet."
            ),
            ask.ask_windows,
        ),
        TourStep(
            "pyramid",
            "#levels-maps",
            tr("Four levels of detail"),
            tr(
                "The same photo as four maps, each at half the resolution of the one before. On which can "
                "you still tell letters apart? The table below lists the actual shape of every layer for "
                "this photo."
            ),
            ask.ask_pyramid,
        ),
        TourStep(
            "start",
            "#proposals-picture",
            tr("Where detection starts"),
            tr(
                "These boxes are learned; the photo has not been looked at yet. Click on one: the text next "
                "to the photo says whether it ends up as a word here."
            ),
            ask.ask_start,
        ),
        TourStep(
            "roi",
            "#roi-cells",
            tr("Pooling a box"),
            tr(
                "Shift the box by quarter pixels with the arrow keys. The blue curve changes smoothly, the "
                "red one stays flat and then jumps: this is why features are pooled with RoIAlign."
            ),
            ask.ask_roi,
        ),
        TourStep(
            "stage",
            "#stage-picture",
            tr("Inside one stage"),
            tr(
                "The feature of a proposal writes two filters, and only these look at its box. Drag the "
                "stage from 1 to 6 and watch the last picture: the box tightens and the mask takes shape."
            ),
            ask.ask_stage,
        ),
        TourStep(
            "stages",
            "#stages-picture",
            tr("Six corrections"),
            tr(
                "Press Play. In six stages the orange box moves to its word and its score rises; the curve "
                "shows which stage does most of the work."
            ),
            ask.ask_stages,
        ),
        TourStep(
            "mask",
            "#masks-picture",
            tr("A shape in 60 numbers"),
            tr(
                "Drag the slider to 1, then slowly up. The first numbers tilt and bend the outline, the "
                "later ones only refine it."
            ),
            ask.ask_mask,
        ),
        TourStep(
            "conversion",
            "#conversion-gates",
            tr("Recognition Conversion"),
            tr(
                "The gates M1 to M3 carry the detector's idea of the word into recognition. Do they dim what "
                "is not the word? Look at the channels, then switch a gate off: the word is read again at "
                "once."
            ),
            ask.ask_conversion,
        ),
        TourStep(
            "letters",
            "#reading-attention",
            tr("One character per step"),
            tr(
                "Pick the second character: its attention lies where that character is. Then force another "
                "one and see whether the later ones change."
            ),
            ask.ask_letters,
        ),
        TourStep(
            "hmean",
            "#hmean-picture",
            tr("How good was it?"),
            tr(
                "Green words count as correct, dashed red ones were missed. Lower the score threshold: "
                "precision falls sooner or later, recall can only rise or stay. This sample was rendered, so "
                "its true words are known; for your own photo you can write them where you pick the photo."
            ),
            ask.ask_hmean,
        ),
        TourStep(
            "quiz",
            "#quiz-picture",
            tr("Ten questions"),
            tr(
                "That was the way from the photo to its words. Ten questions about this word say what you "
                "took with you; the map leads back to every view."
            ),
        ),
    )
