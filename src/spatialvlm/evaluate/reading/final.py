"""The part of an answer that answers: what a model wrote -> plain text, and its final statement.

Enters: text as a model wrote it, with thinking, Markdown, LaTeX, JSON, special tokens. Leaves: the same as plain
characters without the thinking, and where the model marked one, the final answer: JSON, \\boxed{}, <answer></answer>,
"Answer: ...". Where several are marked, the last one counts.
"""

import html
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_SPECIAL = re.compile(r"<\|[^<>|]{1,40}\|>|</?s>|<(?:eos|bos|pad|end_of_turn|end_of_utterance|unused\d+)>|\[/?INST\]")
_BLANKS = re.compile(r"[ \t]{3,}|\n{3,}|(?:\s{2}){2,}")
"""More blanks in a row than mean anything; patterns would try each of them."""
_THINKING = ("think", "thinking", "thought", "reasoning", "scratchpad")
_OPENS = re.compile(rf"<({'|'.join(_THINKING)})>", re.IGNORECASE)
_CLOSES = re.compile(rf"</(?:{'|'.join(_THINKING)})>", re.IGNORECASE)

_LATEX = (
    (
        re.compile(r"\\(?:SI|qty|unit)\s*\{([^{}]*)\}\s*\{([^{}]*)\}"),
        lambda hit: f" {hit[1]} {hit[2].replace(chr(92), '')} ",
    ),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"~"), " "),
    (re.compile(r"\\(?:d|t)?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r" \1/\2 "),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|operatorname|mbox|unit|si)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:approx|sim|simeq)\b"), " ≈ "),
    (re.compile(r"\\pm\b"), " ± "),
    (re.compile(r"\\(?:times|cdot)\b"), " × "),
    (re.compile(r"\\(?:[,;:!> ]|quad\b|qquad\b|left\b|right\b|displaystyle\b)"), " "),
    (re.compile(r"\^\s*\{\\?circ\}|\^\\circ|\\degree\b"), "°"),
    (re.compile(r"\\[()\[\]]|\$"), " "),
)
_STRUCK = re.compile(r"~~[^~\n]+~~|<(?:s|del|strike)>[^<]*</(?:s|del|strike)>", re.IGNORECASE)
_MARKDOWN = re.compile(r"\*\*|__|```\w*|`|^[ \t]*(?:#{1,6}|>)[ \t]+", re.MULTILINE)
_ATTRIBUTE = re.compile(r"<(\w+)\s+units?\s*=\s*[\"']?([\w]+)[\"']?\s*>([^<]*)</\1>", re.IGNORECASE)
_TAGS = re.compile(r"</?(?:p|b|i|em|strong|br|span|div|li|ul|ol|td|tr|table|sub|sup|code)\b[^<>]*>", re.IGNORECASE)
_CHARACTERS = str.maketrans(
    {
        "−": "-",
        "‑": "-",
        "‐": "-",
        "’": "'",
        "‘": "'",
        "′": "'",
        "”": '"',
        "“": '"',
        "″": '"',
        "⁄": "/",
        "∼": "~",
        "٫": ".",
    }
)

_TAGGED = re.compile(r"<(?:answer|final_answer|final)>(.*?)(?:</(?:answer|final_answer|final)>|$)", re.I | re.S)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}([^\n\\]{0,16})")
_SAID = re.compile(
    r"(?:^|[\n.!?*])\s*(?:the\s+|my\s+)?(?:final\s+|best\s+|estimated\s+)?(?:answer|conclusion|estimate|result)"
    r"(?:\s+is)?\s*[:=]\s*",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"\{[^{}]*\}")
_CONFIDENCE = re.compile(
    r"confiden(?:ce|t)(?:\s+(?:score|level))?\W{0,4}\s*(?:of\s+|is\s+)?(\d+(?:\.\d+)?)\s*(%?)", re.I
)


def without_thinking(answer: str) -> str:
    """An answer without what the model thought before; nothing where the thinking never ended."""
    answer = _BLANKS.sub(lambda blanks: blanks[0][:2], answer)
    if "<" not in answer:
        return answer
    text = _SPECIAL.sub(" ", answer)
    ends = [found.end() for found in _CLOSES.finditer(text)]
    if ends:
        text = text[ends[-1] :]
    opened = _OPENS.search(text)
    return text[: opened.start()] if opened else text


def plain(text: str) -> str:
    """Text without markup: compatibility characters, LaTeX and Markdown become what people would type."""
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _folded(text)
    if "~~" in text or "<" in text:
        text = _ATTRIBUTE.sub(r" \3 \2 ", _STRUCK.sub(" ", text))
    if "\\" in text or "$" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    if "<" in text:
        text = _TAGS.sub(" ", text)
    return _MARKDOWN.sub("", text)


def _folded(text: str) -> str:
    """Full-width digits, ligatures of units and odd spaces as plain ones; fractions as " 1/2"; powers stay powers."""
    pieces = []
    for character in text.translate(_CHARACTERS):
        if character in "²³":
            pieces.append({"²": "^2", "³": "^3"}[character])
            continue
        digit = unicodedata.digit(character, None)
        if digit is not None and not character.isascii():
            pieces.append(str(digit))  # Arabic, Devanagari, full-width digits
            continue
        flat = unicodedata.normalize("NFKC", character).translate(_CHARACTERS)
        is_fraction = "/" in flat and len(flat) > 1 and flat[0].isdigit()
        pieces.append(f" {flat} " if is_fraction else flat)
    return "".join(pieces)


def final_statement(text: str) -> str | None:
    """What an answer without its thinking marks as its final statement, or None where nothing is marked."""
    for pattern in (_TAGGED, _BOXED):
        marked = [found for found in pattern.finditer(text) if found[1].strip()]
        if marked:
            return _inside(marked[-1][0] if pattern is _TAGGED else f"{marked[-1][1]} {marked[-1][2]}")
    said = list(_SAID.finditer(text))
    return text[said[-1].end() :] if said and text[said[-1].end() :].strip(" *\n") else None


def _inside(text: str) -> str:
    """The words between the tags; of a box within them the box."""
    text = re.sub(r"</?\w+>", " ", text)
    boxed = _BOXED.findall(text)
    return f"{boxed[-1][0]} {boxed[-1][1]}" if boxed else text


def json_objects(text: str) -> list[Mapping[str, Any]]:
    """The flat JSON objects in a text, in order; Python's single quotes pass too."""
    if "{" not in text:
        return []
    found = []
    for match in _OBJECT.finditer(text):
        for candidate in (match[0], match[0].replace("'", '"')):
            try:
                value = json.loads(candidate)
            except ValueError:
                continue
            if isinstance(value, dict) and value:
                found.append(value)
            break
    return found


def confidence(text: str) -> float | None:
    """The probability of being right that an answer states itself, in [0, 1]; None where it states none."""
    found = _CONFIDENCE.search(text)
    if found is None:
        return None
    value = float(found[1]) / (100.0 if found[2] or float(found[1]) > 1.0 else 1.0)
    return value if value <= 1.0 else None
