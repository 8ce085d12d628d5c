"""Extract the final answer: what a model wrote -> plain text, and the part of it that answers.

Enters: text as a model wrote it, with thinking, Markdown, LaTeX, JSON, special tokens. Leaves: the same as plain
characters without the thinking, and where the model marked one, the final answer: JSON, \\boxed{}, <answer></answer>,
"Answer: ...". Where several are marked, the last one counts.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialvlm.models import split_thinking

Value = float | int | bool | tuple[int, ...] | tuple[tuple[float, float], ...]

_BLANKS = re.compile(r"[ \t]{3,}|\n{3,}|(?:\s{2}){2,}")
"""More blanks in a row than mean anything; patterns would try each of them."""
UNFINISHED = "cut off in its thinking"
"""How an answer was read whose thinking never ended."""

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
        "º": "°",
        "˚": "°",
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

REFUSES = re.compile(
    r"""\b(?:
        (?:can(?:\s?not|'t)|could(?:\s+not|n't)|not\s+able|unable|not\s+possible|impossible|no\s+way|difficult|hard
          |won't|will\s+not|refuse)\b[^.!?\n]{0,60}?\b(?:determin|tell|measur|estimat|answer|provid|assist|guess|help|count
          |judg
          |calculat|asses|infer|comput|giv|say|see|view|analy|know|specif|identif
          |be\s+(?:told|known|determined|measured))
      | (?:can(?:\s?not|'t))\s+be\s+(?:\w+ly\s+)?(?:told|known|determined|measured|estimated|answered|inferred)
      | i\s+(?:do\s+not|don't)\s+(?:know|have\s+(?:enough|sufficient|access|the\s+ability))
      | (?:not|\w+n't)\s+(?:provide|show|give|contain|offer)\w*\s+(?:\w+\s+)?(?:enough|sufficient)
      | (?:not|in)\s?(?:enough|sufficient)\s+(?:information|context|data|detail)
      | as\s+an?\s+(?:ai|large\s+language|language\s+model)
      | (?:could|can)\s+you\s+(?:please\s+)?(?:provide|share|upload|specify|clarify)
      | i(?:'m|\s+am)\s+sorry | sorry,
      | (?:cannot|can't)\s+(?:be\s+)?(?:tell|told)
      | no\s+(?:answer|reference|scale)\b[^.!?\n]{0,30}?(?:available|possible|given|provided)
    ) | ^\s*(?:n\s?/\s?a|unknown|unclear|undetermined|indeterminate|not\s+sure|unsure|none|unanswerable)\W*$""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """What an answer says.

    `value` is None where nothing could be read, else by the form of the truth: metres (length), radians (angle), a
    number (count, area), True or False (yes or no), the place of an option from 0 (choice), the places of all items as
    they are said (order), an hour (clock), points as shares of width and height (region), True for an answer that it
    cannot be told. `how` says in a few words how it was read, or why not. `refused` is true where the answer declines
    to answer. `sigma` is the error that the answer states itself (1 sigma, in the unit of `value`), `confidence` its
    own probability in [0, 1].
    """

    value: Value | None
    how: str
    refused: bool = False
    sigma: float | None = None
    confidence: float | None = None


def strip_thinking(answer: str) -> str:
    """Take away what the model thought before it answered; all of it where the thinking never ended."""
    return split_thinking(_BLANKS.sub(lambda blanks: blanks[0][:2], answer)).answer


def to_plain_text(text: str) -> str:
    """Turn LaTeX, Markdown and compatibility characters into what people would type."""
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _to_plain_characters(text)
    if "~~" in text or "<" in text:
        text = _ATTRIBUTE.sub(r" \3 \2 ", _STRUCK.sub(" ", text))
    if "\\" in text or "$" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    if "<" in text:
        text = _TAGS.sub(" ", text)
    return _MARKDOWN.sub("", text)


def _to_plain_characters(text: str) -> str:
    """Make full-width digits, ligatures of units and odd spaces plain, fractions " 1/2"; powers stay powers."""
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


def find_final_answer(text: str) -> str | None:
    """Find what an answer without its thinking marks as its final one; None where nothing is marked."""
    for pattern in (_TAGGED, _BOXED):
        marked = [found for found in pattern.finditer(text) if found[1].strip()]
        if marked:
            return _within_tags(marked[-1][0] if pattern is _TAGGED else f"{marked[-1][1]} {marked[-1][2]}")
    said = list(_SAID.finditer(text))
    return text[said[-1].end() :] if said and text[said[-1].end() :].strip(" *\n") else None


def _within_tags(text: str) -> str:
    """Take the words between the tags; of a box within them the box."""
    text = re.sub(r"</?\w+>", " ", text)
    boxed = _BOXED.findall(text)
    return f"{boxed[-1][0]} {boxed[-1][1]}" if boxed else text


def find_json(text: str) -> list[Mapping[str, Any]]:
    """Find the flat JSON objects in a text, in order; Python's single quotes pass too."""
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


def stated_confidence(text: str) -> float | None:
    """Find the probability of being right that an answer states itself, in [0, 1]; None where it states none."""
    found = _CONFIDENCE.search(text) if "onfiden" in text else None
    if found is None:
        return None
    value = float(found[1]) / (100.0 if found[2] or float(found[1]) > 1.0 else 1.0)
    return value if value <= 1.0 else None


def find_segments(text: str, keys: Sequence[str], types: tuple[type, ...]) -> Iterator[tuple[str, str]]:
    """Find what to parse of an answer, best first, each with where it is from: JSON, the final answer, all of it."""
    for one in reversed(find_json(text)):
        yield from ((str(one[key]), "JSON, ") for key in keys if isinstance(one.get(key), types))
    final = find_final_answer(text)
    if final is not None:
        yield final, "marked answer, "
    yield text, ""


def unparsed(text: str, why: str, confidence: float | None = None) -> ParsedAnswer:
    """Say why nothing was read in an answer without its thinking: it is empty or a refusal, else `why`."""
    if not text.strip():
        return ParsedAnswer(None, "empty")
    refused = is_refusal(to_plain_text(text))
    return ParsedAnswer(None, "declines to answer" if refused else why, refused, confidence=confidence)


def is_refusal(text: str) -> bool:
    """Return whether a plain text refuses to answer; only asked where no answer can be read in it."""
    return REFUSES.search(text) is not None
