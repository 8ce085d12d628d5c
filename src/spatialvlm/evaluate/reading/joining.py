"""Lengths that belong together: feet and inches, the two ends of a range, a value and its error -> one Mention each."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spatialvlm.evaluate.reading.numerals import Numeral
from spatialvlm.quantities import FOOT, INCH, Unit


@dataclass(frozen=True, slots=True)
class Mention:
    """One length in a text: its place, its value and stated error in metres, how it was said."""

    start: int
    end: int
    metres: float
    unit: Unit
    number: float
    how: str = "number with a unit"
    sigma_m: float | None = None


Following = Sequence[tuple[Numeral, Mention | None]]
"""The numbers behind a length, each with the length that it makes with a unit of its own."""

_BETWEEN_PARTS = re.compile(r"\.?[\s,]*(?:and\s+)?", re.IGNORECASE)
_BETWEEN_FEET = re.compile(r"\.?[\s,]*(?:and\s+|-\s?)?", re.IGNORECASE)
_RANGE = re.compile(
    r"\s*(?:-|–|—|~|to|and|or|up to|\.\.\.?)\s*(?:about\s+|maybe\s+|perhaps\s+|even\s+|around\s+)?", re.IGNORECASE
)
_PLUS_MINUS = re.compile(r"\s*(?:±|\+\s?/?\s?-|\+-|plus or minus|give or take)\s*(?:about\s+)?", re.IGNORECASE)
_OPENS = re.compile(r"\b(?:between|from|either|anywhere)\b[^.]{0,24}$", re.IGNORECASE)
_ABOVE = re.compile(r"(?:more|greater|longer|larger|bigger|over|at least)(?:\s+than)?\s*$", re.IGNORECASE)
_BUT_BELOW = re.compile(
    r",?\s*(?:but|and|yet)\s+(?:less|shorter|smaller|fewer|under|at most|not more|no more)(?:\s+than)?\s*",
    re.IGNORECASE,
)


def with_following(text: str, said: Mention, following: Following) -> Mention:
    """A length with the smaller unit and the error that stand right behind it."""
    said = _compound(text, said, following)
    return _with_error(text, said, [pair for pair in following if pair[0].start >= said.end])


def _compound(text: str, said: Mention, following: Following) -> Mention:
    """A smaller unit of the same system behind: 5 ft 3 in, 1 m 20 cm, 6'2, five foot ten."""
    pattern = _BETWEEN_FEET if said.unit is FOOT else _BETWEEN_PARTS
    joint = pattern.match(text, said.end)
    if not following or joint is None or joint.end() != following[0][0].start or following[0][0].article:
        return said
    number, rest = following[0]
    if rest is None and said.unit is FOOT and number.value < 12 and _is_inches(text, said, number):
        rest = Mention(number.start, number.end, number.value * INCH.metres, INCH, number.value)
    if rest is None or rest.unit.system != said.unit.system or said.number % 1:
        return said
    if rest.metres >= said.unit.metres or rest.unit.metres >= said.unit.metres:
        return said
    return replace(said, end=rest.end, metres=said.metres + rest.metres, how="compound of two units")


def _is_inches(text: str, said: Mention, number: Numeral) -> bool:
    """Whether the number behind "six foot" or "6'" is of inches: nothing that is counted follows."""
    words = text[said.start : said.end].lower()
    return (words.endswith("'") or words.endswith("foot")) and re.match(
        r"\s*(?:$|[.,;)]|tall)", text[number.end :]
    ) is not None


def _with_error(text: str, said: Mention, following: Following) -> Mention:
    """An error behind: 1.2 m ± 0.1 m, ± 10 cm, ± 10 %."""
    sign = _PLUS_MINUS.match(text, said.end)
    if sign is None or not following or following[0][0].start != sign.end():
        return said
    number, error = following[0]
    if error is not None:
        return replace(said, end=error.end, sigma_m=error.metres)
    percent = re.compile(r"\s?%").match(text, number.end)
    size = said.metres / 100.0 if percent else said.unit.metres
    return replace(said, end=percent.end() if percent else number.end, sigma_m=number.value * size)


def joined(text: str, found: Sequence[Mention], numbers: Sequence[Numeral]) -> list[Mention]:
    """Two ends as their middle: "2-3 m", "between 30 cm and 1 meter"; and 1.2 ± 0.1 m."""
    kept: list[Mention] = []
    counts = [number for number in numbers if not number.article]
    ends = [number.end for number in counts]
    for said in found:
        same_system = kept and kept[-1].unit.system == said.unit.system  # "1.5 m or 5 ft" is one length
        if same_system and is_range(text, kept[-1].start, kept[-1].end, said.start, both=True):
            kept[-1] = _middle(kept[-1], kept[-1].metres, said)
            continue
        place = bisect_right(ends, said.start) - 1
        if place >= 0 and not (kept and counts[place].start < kept[-1].end):
            said = _with_number_before(text, counts[place], said)
        kept.append(said)
    return kept


def _with_number_before(text: str, first: Numeral, said: Mention) -> Mention:
    """The first end of a range, or the value before an error, shares the unit of what follows."""
    value_m = first.value * said.unit.metres
    sign = _PLUS_MINUS.match(text, first.end)
    if sign and sign.end() == said.start:
        return replace(said, start=first.start, metres=value_m, number=first.value, sigma_m=said.metres)
    if is_range(text, first.start, first.end, said.start, both=False):
        return _middle(replace(said, start=first.start), value_m, said)
    return said


def _middle(first: Mention, low_m: float, last: Mention) -> Mention:
    if low_m > last.metres:  # "3 to 2 m" is no range, and "12-3 m" neither: the last one stands
        return last
    middle = (low_m + last.metres) / 2
    return replace(last, start=first.start, metres=middle, number=middle / last.unit.metres, how="range, its middle")


def is_range(text: str, start: int, end: int, other: int, *, both: bool) -> bool:
    """Whether two ends belong together by what stands between and before them; `both` says that each has a unit."""
    joint = _RANGE.match(text, end)
    between = text[end:other]
    if joint is None or joint.end() != other:
        return _ABOVE.search(text[max(0, start - 16) : start]) is not None and _BUT_BELOW.fullmatch(between) is not None
    word = joint[0].strip().lower().split(" ")[0]
    opened = _OPENS.search(text[max(0, start - 40) : start]) is not None
    if word == "and":
        return opened
    return opened or not both or word not in ("to", "or") or between.strip().lower() in ("to", "or", "up to")
