"""Finds the equations that a view prints, and evaluates them as a reader with a calculator would."""

from __future__ import annotations

import ast
import math
import operator
import re

import gradio as gr

BLOCK = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
# 28 · 28 = 784, 16 + 9 = 25: in the text
SENTENCE = re.compile(r"((?:\d[\d,.]*\d|\d)(?: [·×+−] (?:\d[\d,.]*\d|\d))+) = (\d[\d,]*(?:\.\d+)?)")
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def as_python(latex: str) -> str:
    """A LaTeX expression of numbers as one of Python; anything else stays and cannot be parsed."""
    text = latex
    for _ in range(3):
        text = re.sub(r"\\t?frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"((\1)/(\2))", text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text)
    text = re.sub(r"\\log_2 *(\(.*\))", r"log2(\1)", text)
    for old, new in (
        ("\\cdot", "*"),
        ("·", "*"),
        ("×", "*"),
        ("−", "-"),
        ("{,}", ""),
        ("\\,", ""),
        (",", ""),
    ):
        text = text.replace(old, new)
    return text.strip()


def value_of(expression: str) -> float | None:
    """The value of an expression of numbers; None if it is none."""
    try:
        return evaluate(ast.parse(as_python(expression), mode="eval").body)
    except (SyntaxError, ValueError, KeyError, ZeroDivisionError):
        return None


def evaluate(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](evaluate(node.left), evaluate(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -evaluate(node.operand)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return {"sqrt": math.sqrt, "log2": math.log2}[node.func.id](evaluate(node.args[0]))
    raise ValueError(ast.dump(node))


def equations(text: str) -> list[tuple[str, str]]:
    """Expressions of numbers and the number, the last of their chain, that they are said to be."""
    found = []
    for block in BLOCK.findall(text):
        for chain in re.split(r"\\q?quad|\\;\\to\\;", block):
            parts = [
                re.sub(r"\\ ?\\text\{.*?\}|\\text\{[^}]*\}|^\\ | $|,$", "", p).strip()
                for p in chain.split("=")
            ]
            numbers = [part for part in parts if value_of(part) is not None]
            found += [(part, numbers[-1]) for part in numbers[:-1]]
    plain = BLOCK.sub("", text)
    return found + [(a, b) for a, b in SENTENCE.findall(plain) if value_of(a) is not None]


def adds_up(left: str, right: str) -> bool:
    """Whether the left side, rounded like the number on the right, is that number."""
    number = right.strip().rstrip(",")
    digits = len(number.partition(".")[2]) if re.fullmatch(r"-?[\d,]*\.?\d*", number) else 6
    return abs(value_of(left) - value_of(number)) <= 0.5 * 10**-digits + 1e-9


def texts_of(shown: dict) -> list[str]:
    """The texts among the values of a view's outputs."""
    return [
        value for part, value in shown.items() if isinstance(part, gr.Markdown) and isinstance(value, str)
    ]
