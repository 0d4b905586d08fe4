"""Ten questions at the end, about this photo and this word."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics.overview import draw_overview
from spotter.language import tr, trn
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.questions import Question, feedback
from spotter.tabs.look_inside.quiz_questions import COUNT, ask_all
from spotter.tabs.look_inside.view import Text, Values, View, ViewInput
from spotter.tabs.shared.events import HIDDEN


class QuizView(View):
    name = "quiz"
    title = Text(lambda: tr("Ten questions"))
    question = Text(lambda: tr("What do you know now?"))
    paper = Text(lambda: tr("section 5"))
    notice = Text(
        lambda: tr(
            "Ten questions about this photo and this word; the answers are what the network computed here, "
            "so some change with the word. The views have all you need: the map leads there, and your "
            "answers stay."
        )
    )

    def layout(self) -> None:
        with gr.Row(equal_height=False, elem_classes="lesson"):
            with gr.Column(scale=3, min_width=280):
                self.picture = Figure(photo=True, elem_id="quiz-picture")
                self.introduce()
            with gr.Column(scale=4, min_width=300):
                self.radios, self.notes = [], []
                for number in range(1, COUNT + 1):
                    self.radios.append(gr.Radio([], elem_id=f"quiz-{number}", interactive=True))
                    self.notes.append(gr.Markdown(elem_classes="feedback"))
                check = gr.Button(tr("Check the answers"), variant="primary", elem_id="quiz-check")
                self.score = gr.Markdown(elem_classes="feedback", elem_id="quiz-score")
        self.checked = gr.Checkbox(False, visible=False)
        self.inputs = [*self.radios, self.checked]
        self.outputs = [self.picture, *self.notes, self.score]
        self.triggers = []
        self.setters = [check.click(lambda: True, None, self.checked, **HIDDEN)]

    def prepare(self, view_input: ViewInput) -> dict:
        updates: dict = {self.checked: {"value": False}}
        for i, (radio, question) in enumerate(zip(self.radios, ask_all(view_input), strict=True)):
            choices = [(option, number) for number, option in enumerate(question.options)]
            label = f"{i + 1}. {question.text}"
            updates[radio] = {"label": label, "choices": choices, "value": None}
        return updates

    def draw(self, view_input: ViewInput, values: Values) -> Values:
        asked = ask_all(view_input)
        chosen = [values[radio] for radio in self.radios] if values[self.checked] else [None] * COUNT
        answered = zip(self.notes, asked, chosen, strict=True)
        return {
            self.picture: draw_overview(view_input.trace, view_input.word),
            # Nothing is given away before a question is answered.
            **{note: "" if option is None else feedback(one, option) for note, one, option in answered},
            self.score: describe_score(asked, chosen) if values[self.checked] else "",
        }


def describe_score(asked: list[Question], chosen: list[int | None]) -> str:
    """How many are right. Markdown."""
    right = sum(question.answer()[0] == option for question, option in zip(asked, chosen, strict=True))
    left = chosen.count(None)
    score = tr("**{right} of {count} right.**", right=right, count=len(asked))
    if left:
        return score + " " + trn("{number} is not answered yet.", "{number} are not answered yet.", left)
    return score
