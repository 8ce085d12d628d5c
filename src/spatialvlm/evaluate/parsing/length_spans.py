"""Find lengths in plain text: numbers with their units -> where they stand, in metres, with their errors.

Feet and inches, the two ends of a range, and a value with its error are one length each.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spatialvlm.evaluate.parsing.numbers_in_text import NumberSpan, find_numbers
from spatialvlm.evaluate.parsing.units import UNIT, UNITS_BEFORE, unit_of
from spatialvlm.quantities import FOOT, INCH, METER, Unit


@dataclass(frozen=True, slots=True)
class LengthSpan:
    """One length in a text: its place, its value and stated error in metres, how it was said."""

    start: int
    end: int
    metres: float
    unit: Unit
    number: float
    how: str = "number with a unit"
    sigma_m: float | None = None


Following = Sequence[tuple[NumberSpan, LengthSpan | None]]
"""The numbers behind a length, each with the length that it makes with a unit of its own."""

_BEHIND = re.compile(rf"\+?(?:\s*\(\d+\))?(?:\s*-\s*|\s*)[(\[]?{UNIT}")
_OF_A = re.compile(r"(?:\s+of)?(?:\s+an?)?(?=[\s-])", re.IGNORECASE)
_MEASURES = re.compile(
    r"\s*(?:$|[.,;!?)]|and\s+a\s+half|or\s+(?:so|less|more|two)|apart|away|wide|tall|high|long|above|below|behind"
    r"|in\s+front|to\s+the|from|of\s+distance|between)",
    re.IGNORECASE,
)
"""What follows "a foot" and "a yard" where they are lengths."""
_SQUARE = re.compile(r"\s*-?(?:square|cubic|sq\.?|cu\.?)\s", re.IGNORECASE)
_AND_HALF = re.compile(r"\s+and\s+(?:a\s+)?(half|quarter|third)\b(?!\s*-?(?:inch|foot|m))", re.IGNORECASE)
_OR_TWO = re.compile(r"\s+or\s+two\b", re.IGNORECASE)
_METRES_AND_CM = re.compile(r"(?<![\w.,])(\d+)\s?m\s?(\d\d)(?![\w.,])")
_APART = re.compile(r"(?:\bin\s+|\bunit\s*[:=]\s*|[(\[])\s*(?P<unit>[a-z]+)\b", re.IGNORECASE)

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


def find_lengths(text: str) -> list[LengthSpan]:
    """Find all lengths in a plain text, in order; compounds, ranges and errors are one length."""
    numbers = find_numbers(text)
    found: list[LengthSpan] = []
    used = -1
    for place, number in enumerate(numbers):
        if number.start < used:
            continue
        said = _with_unit(text, number)
        if said is None:
            continue
        following = [(later, _with_unit(text, later)) for later in numbers[place + 1 : place + 5]]
        said = _with_following(text, said, [pair for pair in following if pair[0].start >= said.end])
        found.append(said)
        used = said.end
    return _join_ranges(text, found or _with_unit_apart(text, numbers), numbers)


def with_asked_unit(number: float, unit: Unit, start: int, end: int, how: str = "number, unit as asked") -> LengthSpan:
    """Give a number a unit which does not stand behind it."""
    return LengthSpan(start, end, number * unit.metres, unit, number, how)


def _with_unit(text: str, number: NumberSpan) -> LengthSpan | None:
    """Read a number with the unit behind or before it."""
    short = _METRES_AND_CM.match(text, number.start)
    if short is not None:
        value = int(short[1]) + int(short[2]) / 100
        return LengthSpan(*short.span(), value, METER, value, "meters and centimeters")
    at = number.end
    if number.value < 1.0 and number.spelled is False and (joint := _OF_A.match(text, at)):
        at = joint.end()
    found = None if _SQUARE.match(text, at) else _BEHIND.match(text, at)
    if found is None:
        return None if number.article else _with_unit_before(text, number)
    unit = unit_of(found["word"] or found["m"] or found["in"] or found["mark"])
    if unit is None or not _is_meant(text, number, found):
        return None
    end, value = found.end(), number.value
    if half := _AND_HALF.match(text, end):
        value, end = value + {"half": 0.5, "quarter": 0.25, "third": 1 / 3}[half[1].lower()], half.end()
    elif number.article and (two := _OR_TWO.match(text, end)):
        value, end = 1.5, two.end()
    how = "number in words" if number.spelled else "number with a unit"
    return LengthSpan(number.start, end, value * unit.metres, unit, value, how)


def _is_meant(text: str, number: NumberSpan, found: re.Match[str]) -> bool:
    """Return whether a unit is meant: no closing quotation mark, foot to stand on, yard to stand in, 3M product."""
    if found["mark"]:
        if number.spelled:
            return False
        before = text[: number.end]
        if found["mark"] == '"':
            return before.count('"') % 2 == 0 or before.count("'") % 2 == 1
        return re.search(r"(?:^|[\s(])'\w(?!.*'(?!\w))", before) is None
    if found["m"] == "M" and found.start("m") == number.end:
        return False
    if re.search(r"(?:^|[\s(=:≈~])-$", text[max(0, number.start - 2) : number.start]):
        return False  # a negative number is no length
    word = (found["word"] or "").lower()
    if word in ("yard", "foot") and number.spelled and number.value == 1.0:
        return _MEASURES.match(text, found.end()) is not None
    return not number.article or (bool(found["word"]) and len(word) > 2)


def _with_unit_before(text: str, number: NumberSpan) -> LengthSpan | None:
    found = UNITS_BEFORE.search(text[max(0, number.start - 40) : number.start])
    unit = unit_of(found["unit"]) if found else None
    if unit is None or re.match(r"\s?(?:%|°|degrees|\^)", text[number.end :]):
        return None
    return with_asked_unit(number.value, unit, number.start, number.end, "unit before the number")


def _with_unit_apart(text: str, numbers: list[NumberSpan]) -> list[LengthSpan]:
    """Join one number and one unit named elsewhere: "In meters, it is about 1.2", a table headed "distance (m)"."""
    counts = [number for number in numbers if not number.article and not _NO_BARE.match(text, number.end)]
    units = [unit for hit in _APART.finditer(text) if (unit := unit_of(hit["unit"])) is not None]
    if len(counts) != 1 or len(units) != 1:
        return []
    return [with_asked_unit(counts[0].value, units[0], counts[0].start, counts[0].end, "unit apart from the number")]


_NO_BARE = re.compile(
    r"\s?(?:%|°|\^|st\b|nd\b|rd\b|th\b|[:/x×]\s?\d|o'?\s?clock)"
    r"|\s?-?(?!(?:m|cm|mm|in|ft)\b)(?!(?:apart|away|wide|tall|high|long|or|and|to|is|units?|from|based|as|for|if|which)\b)"
    r"[A-Za-z]{2,}",
    re.IGNORECASE,
)
"""Behind a number that counts something else than the unit asked for."""
_LABEL = re.compile(
    r"(?:[\[#]|\d\s?[x×]|\b(?:region|object|person|step|figure|image|chair|table|no\.?))\s*$", re.IGNORECASE
)


def find_bare_number(text: str, unit: Unit) -> LengthSpan | None:
    """Find the one number of a text without units; of several the last, as "2 + 3 = 5" comes to it; none of none."""
    counts = []
    for number in find_numbers(text):
        labelled = _LABEL.search(text[max(0, number.start - 12) : number.start])
        listed = number.start < 3 and len(text) > 8 and re.match(r"[.)]\s", text[number.end :]) is not None
        if not (number.article or labelled or listed or _NO_BARE.match(text, number.end)):
            counts.append(with_asked_unit(number.value, unit, number.start, number.end))
    if not counts:
        return None
    return _join_ranges(text, counts[-2:], [])[-1]


def _with_following(text: str, said: LengthSpan, following: Following) -> LengthSpan:
    """Add the smaller unit and the error that stand right behind a length."""
    said = _compound(text, said, following)
    return _with_error(text, said, [pair for pair in following if pair[0].start >= said.end])


def _compound(text: str, said: LengthSpan, following: Following) -> LengthSpan:
    """Add a smaller unit of the same system: 5 ft 3 in, 1 m 20 cm, 6'2, five foot ten."""
    pattern = _BETWEEN_FEET if said.unit is FOOT else _BETWEEN_PARTS
    joint = pattern.match(text, said.end)
    if not following or joint is None or joint.end() != following[0][0].start or following[0][0].article:
        return said
    number, rest = following[0]
    if rest is None and said.unit is FOOT and number.value < 12 and _is_inches(text, said, number):
        rest = LengthSpan(number.start, number.end, number.value * INCH.metres, INCH, number.value)
    if rest is None or rest.unit.system != said.unit.system or said.number % 1:
        return said
    if rest.metres >= said.unit.metres or rest.unit.metres >= said.unit.metres:
        return said
    return replace(said, end=rest.end, metres=said.metres + rest.metres, how="compound of two units")


def _is_inches(text: str, said: LengthSpan, number: NumberSpan) -> bool:
    """Return whether the number behind "six foot" or "6'" is of inches: nothing that is counted follows."""
    words = text[said.start : said.end].lower()
    return (words.endswith("'") or words.endswith("foot")) and re.match(
        r"\s*(?:$|[.,;)]|tall)", text[number.end :]
    ) is not None


def _with_error(text: str, said: LengthSpan, following: Following) -> LengthSpan:
    """Add an error: 1.2 m ± 0.1 m, ± 10 cm, ± 10 %."""
    sign = _PLUS_MINUS.match(text, said.end)
    if sign is None or not following or following[0][0].start != sign.end():
        return said
    number, error = following[0]
    if error is not None:
        return replace(said, end=error.end, sigma_m=error.metres)
    percent = re.compile(r"\s?%").match(text, number.end)
    size = said.metres / 100.0 if percent else said.unit.metres
    return replace(said, end=percent.end() if percent else number.end, sigma_m=number.value * size)


def _join_ranges(text: str, found: Sequence[LengthSpan], numbers: Sequence[NumberSpan]) -> list[LengthSpan]:
    """Join two ends to their middle, "2-3 m", "between 30 cm and 1 meter", and the parts of 1.2 ± 0.1 m."""
    kept: list[LengthSpan] = []
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


def _with_number_before(text: str, first: NumberSpan, said: LengthSpan) -> LengthSpan:
    """Add the first end of a range, or the value before an error: it shares the unit of what follows."""
    value_m = first.value * said.unit.metres
    sign = _PLUS_MINUS.match(text, first.end)
    if sign and sign.end() == said.start:
        return replace(said, start=first.start, metres=value_m, number=first.value, sigma_m=said.metres)
    if is_range(text, first.start, first.end, said.start, both=False):
        return _middle(replace(said, start=first.start), value_m, said)
    return said


def _middle(first: LengthSpan, low_m: float, last: LengthSpan) -> LengthSpan:
    if low_m > last.metres:  # "3 to 2 m" is no range, and "12-3 m" neither: the last one stands
        return last
    middle = (low_m + last.metres) / 2
    return replace(last, start=first.start, metres=middle, number=middle / last.unit.metres, how="range, its middle")


def is_range(text: str, start: int, end: int, other: int, *, both: bool) -> bool:
    """Return whether two ends belong together by what is between and before them; `both` have a unit of their own."""
    joint = _RANGE.match(text, end)
    between = text[end:other]
    if joint is None or joint.end() != other:
        return _ABOVE.search(text[max(0, start - 16) : start]) is not None and _BUT_BELOW.fullmatch(between) is not None
    word = joint[0].strip().lower().split(" ")[0]
    opened = _OPENS.search(text[max(0, start - 40) : start]) is not None
    if word == "and":
        return opened
    return opened or not both or word not in ("to", "or") or between.strip().lower() in ("to", "or", "up to")
