"""Read angles: what a model wrote -> radians.

30 degrees   about 30°   between 30 and 40 degrees   0.5 rad   π/6   20 degrees to the left   {"angle_degrees": 28}

A number without a unit counts degrees. Where an angle has a sign, it is told by the words of its two sides, or by a
minus; "straight ahead" and "level" are 0. Of several angles the one that is concluded with counts, else the first.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialvlm.evaluate.items import Relation
from spatialvlm.evaluate.parsing.extraction import (
    ParsedAnswer,
    find_final_answer,
    find_json,
    is_refusal,
    stated_confidence,
    strip_thinking,
    to_plain_text,
    unparsed,
)
from spatialvlm.evaluate.parsing.length_spans import is_range
from spatialvlm.evaluate.parsing.names import mark_names
from spatialvlm.evaluate.parsing.numbers_in_text import NumberSpan, find_numbers, is_negative

_KEYS = ("final_answer", "answer", "angle", "bearing", "direction", "pitch", "value", "result", "estimate")
_DEGREES = r"°|deg(?:ree)?s?\b"
_RADIANS = r"rad(?:ian)?s?\b"
_UNIT = re.compile(rf"[\s-]*(?:(?P<degrees>{_DEGREES})|(?P<radians>{_RADIANS}))", re.IGNORECASE)
_PI = re.compile(rf"(\d*\.?\d*)\s*(?:π|\bpi\b)(?:\s*/\s*(\d+))?(?:\s*{_RADIANS})?", re.IGNORECASE)
_OTHER = re.compile(r"\s*-?(?!(?:to|left|right|up|down|off|or|and)\b)(?:[a-z]+|%|\")", re.IGNORECASE)
"""Behind a number that counts something else."""
_CONCLUDES = re.compile(
    r"\b(?:therefore|thus|hence|so|overall|answer|i(?:'d|\s+would)?\s+(?:estimate|guess|say)|my\s+(?:best\s+)?(?:estimate|guess))\b|=",
    re.IGNORECASE,
)
_ZERO = re.compile(r"\b(?:straight\s+ahead|dead\s+ahead|level|horizontal(?:ly)?|cent(?:er|re)d)\b", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<!\d)\.|\.(?!\d)|[;\n]")
_SIDES = {
    "right": r"right(?:wards?)?(?!\s+(?:now|in|at|away|next|angle|edge|half|border|corner))",
    "left": r"left(?:wards?)?(?!\s+(?:edge|half|border|corner))",
    "down": r"down(?:wards?)?|below|lower",
    "up": r"up(?:wards?)?|above|upper",
}


@dataclass(frozen=True, slots=True)
class _AngleSpan:
    """One angle in a text: its place, its value, how it was said."""

    start: int
    end: int
    radians: float
    how: str


def parse_angle(answer: str, relation: Relation | None = None, names: Sequence[str] = ()) -> ParsedAnswer:
    """Read the angle that an answer states, in radians; a relation tells the words for above and below 0.

    `names` are those of things, whose words and numbers do not count.
    """
    text = strip_thinking(answer)
    sure = stated_confidence(text)
    for segment, origin in _segments(text):
        found = _in_text(mark_names(to_plain_text(segment), *names), relation)
        if found is not None:
            return ParsedAnswer(found[0], f"{origin}{found[1]}", confidence=sure)
    return unparsed(text, "no angle", sure)


def _segments(text: str) -> list[tuple[str, str]]:
    """List what to read, best first: JSON, with the unit that a key names, the marked answer, all of it."""
    found = []
    for data in reversed(find_json(text)):
        lowered = {str(key).lower(): value for key, value in data.items()}
        keys = [*(key for key in _KEYS if key in lowered), *lowered]
        for key in dict.fromkeys(keys):
            value, unit = lowered[key], key.rpartition("_")[2]
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            named = unit if re.fullmatch(f"{_DEGREES}|{_RADIANS}", unit) else None
            if is_number and (named or key in _KEYS):
                found.append((" ".join([f"{value} {named or ''}", *map(str, _sides(lowered))]), "JSON, "))
            elif isinstance(value, str):
                found.append((value, "JSON, "))
    final = find_final_answer(text)
    return [*found, *([] if final is None else [(final, "marked answer, ")]), (text, "")]


def _sides(data: Mapping[str, Any]) -> list[Any]:
    return [data[key] for key in ("direction", "side") if isinstance(data.get(key), str)]


def _in_text(text: str, relation: Relation | None) -> tuple[float, str] | None:
    text = _PI.sub(_without_pi, text)
    said = _find_angles(text)
    if not said:
        zero = relation is not None and _ZERO.search(text) and not is_refusal(text)
        return (0.0, "straight, in words") if zero else None
    chosen = said[0]
    for marker in reversed(list(_CONCLUDES.finditer(text))):
        behind = [one for one in said if one.start >= marker.end()]
        if behind:
            chosen = behind[0]
            break
    side = None if relation is None else _side(text, chosen, *relation[2:])
    return (chosen.radians, chosen.how) if side is None else (side * abs(chosen.radians), f"{chosen.how}, to a side")


def _without_pi(found: re.Match[str]) -> str:
    times = float(found[1]) if found[1].strip(".") else 1.0
    return f" {times * math.pi / float(found[2] or 1):.6f} radians "


def _find_angles(text: str) -> list[_AngleSpan]:
    """Find all angles; the ends of a range are one. Without any unit, a number that counts nothing else."""
    numbers = [one for one in find_numbers(text) if not one.article]
    found: list[_AngleSpan] = []
    for place, number in enumerate(numbers):
        unit = _UNIT.match(text, number.end)
        if unit is None:
            continue
        before = numbers[place - 1] if place else None
        size = 1.0 if unit["radians"] else math.pi / 180
        found.append(_with_range(text, before, number, unit.end(), size))
    if found:
        return found
    bare = [number for number in numbers if not _OTHER.match(text, number.end)]
    return [_with_range(text, None, one, one.end, math.pi / 180) for one in bare] if len(bare) == 1 else []


def _with_range(text: str, before: NumberSpan | None, number: NumberSpan, end: int, size: float) -> _AngleSpan:
    value = -number.value if is_negative(text, number) else number.value
    if before is not None and before.value <= number.value:
        unit = _UNIT.match(text, before.end)
        if is_range(text, before.start, unit.end() if unit else before.end, number.start, both=unit is not None):
            return _AngleSpan(before.start, end, (before.value + value) / 2 * size, "range, its middle")
    return _AngleSpan(number.start, end, value * size, "number with a unit" if end > number.end else "number")


def _side(text: str, said: _AngleSpan, positive: str, negative: str) -> int | None:
    """Find the side that an angle is to: the word next to it in its sentence, else the only one of the whole text."""
    hits = [
        (hit.start(), hit.end(), sign)
        for word, sign in ((positive, 1), (negative, -1))
        for hit in re.finditer(rf"\b(?:{_SIDES.get(word, re.escape(word))})\b", text, re.IGNORECASE)
    ]
    start = max((cut.end() for cut in _SENTENCES.finditer(text, 0, said.start)), default=0)
    cut = _SENTENCES.search(text, said.end)
    near = [hit for hit in hits if start <= hit[0] < (cut.start() if cut else len(text))]
    if near:
        return min(near, key=lambda hit: hit[0] - said.end if hit[0] >= said.end else said.start - hit[1])[2]
    sides = {sign for *_, sign in hits}
    return sides.pop() if len(sides) == 1 else None
