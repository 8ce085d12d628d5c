"""Read numbers without a unit, areas, and hours of a clock: what a model wrote -> the number that it states."""

import re
from collections.abc import Callable, Sequence

from spatialvlm.evaluate.parsing.extraction import (
    ParsedAnswer,
    find_segments,
    stated_confidence,
    strip_thinking,
    to_plain_text,
    unparsed,
)
from spatialvlm.evaluate.parsing.length_spans import find_lengths, is_range
from spatialvlm.evaluate.parsing.names import MARK, mark_names
from spatialvlm.evaluate.parsing.numbers_in_text import find_numbers, is_negative
from spatialvlm.evaluate.parsing.units import AREA_UNIT, AREA_UNIT_BEFORE, square_metres

_CONCLUDES = re.compile(
    r"""\b(?:therefore|thus|hence|so|total|overall|answer|estimate|altogether|in\s+all|which\s+(?:gives|makes)
      |approximately|about|around|there\s+(?:are|is))\b|[=≈]""",
    re.IGNORECASE | re.VERBOSE,
)
_FINALLY = re.compile(r"\b(?:total|altogether|in\s+all|answer|therefore|sum)\b|=", re.IGNORECASE)
_TOTAL_BEHIND = re.compile(r"\s+(?:\w+\s+){0,2}(?:in\s+total|altogether|in\s+all|overall)\b", re.IGNORECASE)
_NONE = re.compile(r"\b(?:there\s+(?:is|are|were)\s+no|none|no\s+\w+\s+(?:is|are|can\s+be|visible))\b", re.IGNORECASE)
_NOT_ONE = re.compile(
    r"\bnot\s+(?:a\s+single\s+)?one\b|\b(?:all|each|every\s+one)\b[^.!?]*\b(?:more\s+than|farther|further|beyond)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[\[#]\s*$|\b(?:region|object|frame|image|step|figure|option|video)\s*$", re.IGNORECASE)
_OF_ALL = re.compile(
    r"\b(?:out\s+of|of)\s+(?:the|these|those|all)?\s*(?:[2-9]|two|three|four|five|six)\b", re.IGNORECASE
)
_PLACED_BY = re.compile(rf"\b(?:of|from|to)\s+{MARK.pattern}", re.IGNORECASE)
_LEAVES_OUT = re.compile(r"\b(?:not|no|but|except|beyond|outside|far|farther|further|more)\b|n't\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(1[0-2]|0?[1-9])\s?(?:o'?\s?clock|:00)", re.IGNORECASE)
_AHEAD_IS_12 = re.compile(
    r"\b(?:if|with|where|taking|assuming|given|when)\b[^,.;]*\b12:00[^,.;]*[,.;]|\b12:00\s+(?:is|being|would\s+be|means)\b"
    r"[^,.;]*[,.;]",
    re.IGNORECASE,
)
"""What the hours are counted from, told before the one in question."""
_SAYS = re.compile(r"\b(?:so|therefore|thus|hence|answer|i(?:'d|\s+would)\s+say)\b", re.IGNORECASE)
_KEYS = ("final_answer", "answer", "value", "count", "number", "result", "direction", "hour")


def parse_number(answer: str) -> ParsedAnswer:
    """Read the number that an answer states; of several the one that it concludes with. A range is its middle."""
    return _parse(answer, _number_in)


def parse_area(answer: str) -> ParsedAnswer:
    """Read the area that an answer states as `parse_number` does, in square metres; they need not be said."""
    return _parse(answer, lambda text: _number_in(_in_square_metres(text)))


def _parse(answer: str, number_in: Callable[[str], tuple[float, str] | None]) -> ParsedAnswer:
    text = strip_thinking(answer)
    sure = stated_confidence(text)
    for segment, how in find_segments(text, _KEYS, (str, int, float)):
        found = number_in(to_plain_text(segment))
        if found is not None:
            return ParsedAnswer(found[0], f"{how}{found[1]}", confidence=sure)
    return unparsed(text, "no number", sure)


def parse_count(answer: str, names: Sequence[str] = ()) -> ParsedAnswer:
    """Read how many an answer counts; with the names of what it is about, neither they nor lengths are counts."""
    if not names:
        return parse_number(answer)
    text = mark_names(to_plain_text(strip_thinking(answer)), *names)
    if _NOT_ONE.search(text):
        return ParsedAnswer(0.0, "none, in words", confidence=stated_confidence(text))
    counted = _without_lengths(text)
    alone = _OF_ALL.sub(" ", counted)
    said = parse_number(alone if parse_number(alone).value is not None else counted)
    if said.value is None and (things := _named_alone(counted)):
        return ParsedAnswer(float(things), "names them", confidence=stated_confidence(text))
    return said if said.value is not None else parse_number(text)


def _named_alone(marked: str) -> int:
    """Count the things that an answer names, where it says of none of them that it does not count."""
    return 0 if _LEAVES_OUT.search(marked) else len(set(MARK.findall(_PLACED_BY.sub(" ", marked))))


def _without_lengths(text: str) -> str:
    for one in reversed(find_lengths(text)):
        text = f"{text[: one.start]}some distance{text[one.end :]}"
    return text


def parse_clock(answer: str, names: Sequence[str] = ()) -> ParsedAnswer:
    """Read the hour, 1 to 12, of a direction: "3 o'clock", "at three", "12"; `names` are those of things."""
    text = strip_thinking(answer)
    for segment, how in find_segments(text, _KEYS, (str, int, float)):
        words = mark_names(_CLOCK.sub(r"\1:00", to_plain_text(segment)), *names)  # "o'clock" names no clock
        hours = _hours_in(words)
        for part in (_AHEAD_IS_12.sub(" ", words), _SAYS.split(words)[-1]):
            hours = hours if len(hours) == 1 else _hours_in(part) or hours
        if len(hours) == 1:
            return ParsedAnswer(hours.pop(), f"{how}hour")
        if hours and how:
            return ParsedAnswer(int(_CLOCK.findall(words)[-1]) if _CLOCK.search(words) else None, f"{how}the last hour")
    last = _CLOCK.findall(to_plain_text(text))
    if last:
        return ParsedAnswer(int(last[-1]), "the last hour")
    return unparsed(text, "no hour, or several")


def _in_square_metres(text: str) -> str:
    """Say what a plain text says in other units of area in square metres; both ends of a range."""
    said, numbers = text, [one for one in find_numbers(text) if not one.article]
    size, behind = 1.0, len(text)  # of the unit of the number behind, which a range shares
    for one in reversed(numbers):
        unit, before = AREA_UNIT.match(text, one.end), AREA_UNIT_BEFORE.search(text[: one.start])
        found = unit or before
        shared = found is None and is_range(text, one.start, one.end, behind, both=False)
        size, behind = square_metres(found) if found else size if shared else 1.0, one.start
        if found or shared:
            rest = f" square metres{said[unit.end() :]}" if unit else said[one.end :]
            said = f"{said[: one.start]}{one.value * size:.9g}{rest}"
    return said


def _hours_in(text: str) -> set[int]:
    hours = {int(hit[1]) for hit in _CLOCK.finditer(text)}
    return hours or {int(one.value) for one in find_numbers(text) if not one.article and one.value in range(1, 13)}


def _number_in(text: str) -> tuple[float, str] | None:
    counts = [
        one
        for one in find_numbers(text)
        if not one.article and not _LABEL.search(text[max(0, one.start - 12) : one.start])
    ]
    signed = [(one, -one.value if is_negative(text, one) else one.value) for one in counts]
    if not signed:
        return (0.0, "none, in words") if _NONE.search(text) else None
    if len(signed) == 1:
        return signed[0][1], "number"
    (low, low_value), (high, high_value) = signed[-2:]
    if len(signed) == 2 and is_range(text, low.start, low.end, high.start, both=False) and low_value <= high_value:
        return (low_value + high_value) / 2, "range, its middle"
    for mark in reversed(list(_FINALLY.finditer(text))):
        behind = [value for one, value in signed if one.start >= mark.end()]
        if behind:
            return behind[0], f"after {mark[0].lower()!r}"
    for one, value in signed:
        if _TOTAL_BEHIND.match(text, one.end):
            return value, "in total"
    first, value = signed[0]
    if first.start <= len(text) - len(text.lstrip(" (~≈*")):
        return value, "number in front"
    marks = list(_CONCLUDES.finditer(text))
    for mark in reversed(marks):
        behind = [value for one, value in signed if one.start >= mark.end()]
        if behind:
            return behind[0], f"after {mark[0].lower()!r}"
    return signed[-1][1], f"last of {len(signed)}"
