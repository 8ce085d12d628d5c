"""All lengths in a plain text, in order: numbers with units -> Mentions, with what belongs together joined."""

import re

from spatialvlm.evaluate.reading.joining import Mention, joined, with_following
from spatialvlm.evaluate.reading.numerals import Numeral, numerals
from spatialvlm.evaluate.reading.units import UNIT, UNITS_BEFORE, unit_of
from spatialvlm.quantities import METER, Unit

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


def mentions(text: str) -> list[Mention]:
    """All lengths in a plain text, in order; compounds, ranges and errors are one length."""
    numbers = numerals(text)
    found: list[Mention] = []
    used = -1
    for place, number in enumerate(numbers):
        if number.start < used:
            continue
        said = _with_unit(text, number)
        if said is None:
            continue
        following = [(later, _with_unit(text, later)) for later in numbers[place + 1 : place + 5]]
        said = with_following(text, said, [pair for pair in following if pair[0].start >= said.end])
        found.append(said)
        used = said.end
    return joined(text, found or _apart(text, numbers), numbers)


def bare(number: float, unit: Unit, start: int, end: int, how: str = "number, unit as asked") -> Mention:
    """A number that counts in a unit which does not stand behind it."""
    return Mention(start, end, number * unit.metres, unit, number, how)


def _with_unit(text: str, number: Numeral) -> Mention | None:
    """A number and the unit behind or before it."""
    short = _METRES_AND_CM.match(text, number.start)
    if short is not None:
        value = int(short[1]) + int(short[2]) / 100
        return Mention(*short.span(), value, METER, value, "meters and centimeters")
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
    return Mention(number.start, end, value * unit.metres, unit, value, how)


def _is_meant(text: str, number: Numeral, found: re.Match[str]) -> bool:
    """Whether the unit is one: not a closing quotation mark, a foot to stand on, a yard to stand in, a 3M product."""
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


def _with_unit_before(text: str, number: Numeral) -> Mention | None:
    found = UNITS_BEFORE.search(text[max(0, number.start - 40) : number.start])
    unit = unit_of(found["unit"]) if found else None
    if unit is None or re.match(r"\s?(?:%|°|degrees|\^)", text[number.end :]):
        return None
    return bare(number.value, unit, number.start, number.end, "unit before the number")


def _apart(text: str, numbers: list[Numeral]) -> list[Mention]:
    """One number, and one unit named elsewhere: "In meters, it is about 1.2", a table headed "distance (m)"."""
    counts = [number for number in numbers if not number.article and not _NO_BARE.match(text, number.end)]
    units = [unit for hit in _APART.finditer(text) if (unit := unit_of(hit["unit"])) is not None]
    if len(counts) != 1 or len(units) != 1:
        return []
    return [bare(counts[0].value, units[0], counts[0].start, counts[0].end, "unit apart from the number")]


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


def bare_number(text: str, unit: Unit) -> Mention | None:
    """The one number of a text without units; of several the last, as "2 + 3 = 5" comes to it; none of none."""
    counts = []
    for number in numerals(text):
        labelled = _LABEL.search(text[max(0, number.start - 12) : number.start])
        listed = number.start < 3 and len(text) > 8 and re.match(r"[.)]\s", text[number.end :]) is not None
        if not (number.article or labelled or listed or _NO_BARE.match(text, number.end)):
            counts.append(bare(number.value, unit, number.start, number.end))
    if not counts:
        return None
    return joined(text, counts[-2:], [])[-1]
