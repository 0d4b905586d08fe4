"""Text on one cell of the last gate: the formulas of Recognition Conversion with its numbers."""

from __future__ import annotations

import math

from spotter.explain.equations import agreeing, in_brackets, signed
from spotter.explain.topics.conversion_steps import Steps
from spotter.language import tr


def describe_cell(steps: Steps) -> str:
    """The middle cell of M3, in the channel that is most open there. Markdown with LaTeX."""
    gate = steps.gates[2]
    row, column = gate.shape[1] // 2, gate.shape[2] // 2
    channel = int(gate[:, row, column].argmax())
    d, m, a, r = (
        float(values[2][channel, row, column]) for values in (steps.d, steps.gates, steps.a, steps.r)
    )
    (logit,), opened = agreeing(lambda x: 1 / (1 + math.exp(-x)), [d], [2], 2)
    summands, result = agreeing(lambda e, one, gate: (e + one) * gate, [r / m - a, a, m], [2, 2, 2], 2)
    where = tr(
        "In numbers, for the middle cell (row {row}, column {column}) of channel {channel}, the most open "
        "one there:",
        row=row + 1,
        column=column + 1,
        channel=channel,
    )
    return (
        f"{where}\n\n$$M_3 = \\sigma({logit}) = {opened}$$\n\n"
        f"$$r_3 = (E_u(r_2) + a_1) \\cdot M_3 = ({summands[0]} {signed(summands[1])}) \\cdot "
        f"{in_brackets(summands[2])} = {result}$$"
    )
