"""Words for the editor, on a photo of 800 x 600 pixels."""

from __future__ import annotations

import math

WIDTH, HEIGHT = 800, 600


def box(x1: float, y1: float, x2: float, y2: float) -> list[list[float]]:
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def arch(x: float, y: float, radius: float, thick: float, count: int = 7) -> list[list[float]]:
    """2 * count points: along the upper arc from left to right, back along the lower one."""
    angles = [math.pi * (1.15 + 0.7 * i / (count - 1)) for i in range(count)]
    upper = [[x + radius * math.cos(a), y + radius * math.sin(a)] for a in angles]
    lower = [[x + (radius - thick) * math.cos(a), y + (radius - thick) * math.sin(a)] for a in angles]
    return [[round(p, 1), round(q, 1)] for p, q in upper + lower[::-1]]


def word(number: int, points: list, text: str, **changes) -> dict:
    return {
        "id": f"w{number}",
        "points": points,
        "text": text,
        "score": 0.9,
        "reading_score": 0.8,
        "characters": [],
        "illegible": False,
        "difficult": False,
        "locked": False,
        "origin": "model",
        "suggestion": None,
    } | changes


def letters(text: str, *scores: float) -> list[dict]:
    return [{"text": sign, "score": score} for sign, score in zip(text, scores, strict=True)]


def some_words() -> list[dict]:
    """Reading order w0, w1, w2, w3."""
    return [
        word(0, box(90, 90, 330, 160), "HELLO", characters=letters("HELLO", 0.9, 0.9, 0.5, 0.4, 0.9)),
        word(1, box(340, 90, 520, 160), "WORLD", score=0.3, reading_score=0.4),
        word(2, arch(300, 420, 180, 60), "ROUND SIGN"),
        word(
            3, box(560, 450, 760, 500), "mine", locked=True, score=None, reading_score=None, origin="person"
        ),
    ]


def offered(**changes) -> list[dict]:
    words = some_words()
    words[1] |= {"suggestion": {"text": "WORDS", "score": 0.91, "characters": [], "model": "nano"}} | changes
    return words


def close_to(points, wanted, tolerance: float = 0.11) -> bool:
    return len(points) == len(wanted) and all(
        math.dist(p, q) <= tolerance for p, q in zip(points, wanted, strict=True)
    )
