"""Steps as people read them: a line each in the terminal, and the answer as the last one."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from spatialvlm.reason.trace import CallStep, EndStep, QuestionStep, RemarkStep, RequestStep, TraceStep

LONGEST = 300
_COLOURS = {"asks": "bold", "says": "cyan", "calls": "blue", "fails": "red", "told": "yellow"}


def print_step(console: Console, step: TraceStep) -> None:
    """Print a step; without colours where this is no terminal."""
    for mark, words in _lines(step):
        line = Text(f"{mark:>6}  ", style=_COLOURS.get(mark, "")).append(_plain(words), style="")
        console.print(line, soft_wrap=True, highlight=False)


def _lines(step: TraceStep) -> list[tuple[str, str]]:
    match step:
        case QuestionStep(question, picture, model, mode):
            return [("asks", f"{question} ({picture}; {mode}, {model})")]
        case RequestStep(said, _, read, written, seconds):
            words = said or "(calls without words)"
            return [("says", f"{words} [{read}+{written} tokens, {seconds:.1f} s]")]
        case CallStep(name, arguments, result, error, repeated):
            told = error or told_in_words(result or {})
            again = " (again)" if repeated else ""
            return [("fails" if error else "calls", f"{name} {arguments}{again} -> {told}")]
        case RemarkStep(text):
            return [("told", text)]
        case EndStep():
            took = f"{step.turns} turns, {step.calls} calls, {step.tokens:,} tokens, {step.seconds:.1f} s"
            return [("ends", f"{step.reason} after {took}")]


def told_in_words(result: Mapping[str, Any]) -> str:
    """Say what a tool told: handle and words where it has them, else its JSON."""
    if "handle" not in result or "text" not in result:
        return json.dumps(result, ensure_ascii=False)
    sigma = result.get("sigma")
    error = f" ± {sigma:.2g} {result.get('unit', '')}".rstrip() if sigma and "±" not in result["text"] else ""
    return f"{result['handle']}: {result['text']}{error}"


def answer_in_words(end: EndStep) -> str:
    """Say how it ended, for people: the answer, with its error where it is a number."""
    text = _plain(end.text)
    if end.reason == "abstained":
        return text if "can't be told" in text else f"can't be told: {text}"
    if end.sigma is None or "±" in text:
        return text
    return f"{text} (± {end.sigma:.2g} {end.unit})"


def _plain(text: str) -> str:
    """Put a text on one line of bearable length, without signs that a terminal would obey."""
    words = " ".join(text.split())
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in words)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
