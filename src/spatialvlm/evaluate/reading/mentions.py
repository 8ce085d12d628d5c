"""All lengths in a plain text, in order: numbers with units, compounds, ranges, stated errors -> Mentions."""

import re
from dataclasses import dataclass, replace

from spatialvlm.evaluate.reading.numerals import Numeral, numerals
from spatialvlm.evaluate.reading.units import UNIT, UNITS_BEFORE, unit_of
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


_BEHIND = re.compile(rf"(?:\s*-\s*|\s*){UNIT}")
_OF_A = re.compile(r"(?:\s+of)?(?:\s+an?)?(?=[\s-])", re.IGNORECASE)
_MEASURES = re.compile(
    r"\s*(?:$|[.,;!?)]|and\s+a\s+half|or\s+(?:so|less|more)|apart|away|wide|tall|high|long|above|below|behind|in\s+front"
    r"|to\s+the|from|of\s+distance|between)",
    re.IGNORECASE,
)
"""What follows "a foot" and "a yard" where they are lengths."""
_SQUARE = re.compile(r"\s*-?(?:square|cubic|sq\.?|cu\.?)\s", re.IGNORECASE)
_AND_HALF = re.compile(r"\s+and\s+(?:a\s+)?(half|quarter|third)\b(?!\s*-?(?:inch|foot|m))", re.IGNORECASE)
_BETWEEN_PARTS = re.compile(r"[\s,]*(?:and\s+)?", re.IGNORECASE)
_RANGE = re.compile(
    r"\s*(?:-|–|—|~|to|and|or|up to|\.\.\.?)\s*(?:about\s+|maybe\s+|perhaps\s+|even\s+|around\s+)?", re.IGNORECASE
)
_PLUS_MINUS = re.compile(r"\s*(?:±|\+\s?/?\s?-|\+-|plus or minus|give or take)\s*(?:about\s+)?", re.IGNORECASE)


def mentions(text: str) -> list[Mention]:
    """All lengths in a plain text, in order; compounds, ranges and errors are joined."""
    numbers = numerals(text)
    found: list[Mention] = []
    used = -1
    for place, number in enumerate(numbers):
        if number.start < used:
            continue
        said = _with_unit(text, number, numbers[place + 1 :])
        if said is None:
            continue
        following = [later for later in numbers[place + 1 :] if later.start >= said.end]
        said = _compound(text, said, following)
        said = _with_error(text, said, [later for later in following if later.start >= said.end])
        found.append(said)
        used = said.end
    return _ranges(text, found, numbers)


def bare(number: float, unit: Unit, start: int, end: int, how: str = "number, unit as asked") -> Mention:
    """A number that counts in a unit which does not stand behind it."""
    return Mention(start, end, number * unit.metres, unit, number, how)


def _with_unit(text: str, number: Numeral, later: list[Numeral]) -> Mention | None:
    """A number and the unit behind or before it."""
    at = number.end
    if number.value < 1.0 and number.spelled is False and (joint := _OF_A.match(text, at)):
        at = joint.end()
    found = None if _SQUARE.match(text, at) else _BEHIND.match(text, at)
    if found is None:
        return None if number.article else _with_unit_before(text, number)
    word = found["word"] or found["m"] or found["in"] or found["mark"]
    unit = unit_of(word)
    if unit is None or not _is_meant(text, number, found):
        return None
    end, value = found.end(), number.value
    half = _AND_HALF.match(text, end)
    if half:
        value, end = value + {"half": 0.5, "quarter": 0.25, "third": 1 / 3}[half[1].lower()], half.end()
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
    if text[max(0, number.start - 1) : number.start] == "-" and re.search(r"(?:^|[\s(=:≈~])-$", text[: number.start]):
        return False  # a negative number is no length
    if number.article:
        word = (found["word"] or "").lower()
        if word in ("yard", "foot"):
            return _MEASURES.match(text, found.end()) is not None
        return bool(found["word"]) and len(word) > 2
    return True


def _with_unit_before(text: str, number: Numeral) -> Mention | None:
    found = UNITS_BEFORE.search(text[max(0, number.start - 40) : number.start])
    unit = unit_of(found["unit"]) if found else None
    if unit is None or re.match(r"\s?(?:%|°|degrees|\^)", text[number.end :]):
        return None
    return bare(number.value, unit, number.start, number.end, "unit before the number")


def _compound(text: str, said: Mention, later: list[Numeral]) -> Mention:
    """A smaller unit of the same system behind: 5 ft 3 in, 1 m 20 cm, 6'2."""
    if not later:
        return said
    joint = _BETWEEN_PARTS.match(text, said.end)
    if joint is None or joint.end() != later[0].start or later[0].article:
        return said
    rest = _with_unit(text, later[0], later[1:])
    if rest is None:
        is_inch = text[said.end : later[0].start] == "" and said.unit is FOOT and text[said.end - 1] == "'"
        rest = bare(later[0].value, INCH, later[0].start, later[0].end) if is_inch else None
    smaller = rest is not None and rest.unit.system == said.unit.system and rest.metres < said.unit.metres
    if rest is None or not smaller or rest.unit.metres >= said.unit.metres or said.number % 1:
        return said
    return replace(said, end=rest.end, metres=said.metres + rest.metres, how="compound of two units")


def _with_error(text: str, said: Mention, later: list[Numeral]) -> Mention:
    """An error behind: 1.2 m ± 0.1 m, ± 10 cm, ± 10 %."""
    sign = _PLUS_MINUS.match(text, said.end)
    if sign is None or not later or later[0].start != sign.end():
        return said
    error = _with_unit(text, later[0], later[1:])
    if error is not None:
        return replace(said, end=error.end, sigma_m=error.metres)
    percent = re.compile(r"\s?%").match(text, later[0].end)
    size = said.metres / 100.0 if percent else said.unit.metres
    return replace(said, end=percent.end() if percent else later[0].end, sigma_m=later[0].value * size)


def _ranges(text: str, found: list[Mention], numbers: list[Numeral]) -> list[Mention]:
    """Two ends as their middle: "2-3 m", "between 30 cm and 1 meter"; and 1.2 ± 0.1 m."""
    joined: list[Mention] = []
    for said in found:
        before = [number for number in numbers if number.end <= said.start and not number.article]
        if joined and is_range(text, joined[-1].start, joined[-1].end, said.start, both=True):
            joined[-1] = _middle(joined[-1], joined[-1].metres, said)
            continue
        if before and not (joined and before[-1].start < joined[-1].end):
            first = before[-1]
            sign = _PLUS_MINUS.match(text, first.end)
            if sign and sign.end() == said.start:
                value = first.value * said.unit.metres
                joined.append(replace(said, start=first.start, metres=value, number=first.value, sigma_m=said.metres))
                continue
            if is_range(text, first.start, first.end, said.start, both=False):
                joined.append(_middle(replace(said, start=first.start), first.value * said.unit.metres, said))
                continue
        joined.append(said)
    return joined


def _middle(first: Mention, low_m: float, last: Mention) -> Mention:
    if low_m > last.metres:  # "3 to 2 m" is no range, and "12-3 m" neither: the last one stands
        return last
    middle = (low_m + last.metres) / 2
    return replace(last, start=first.start, metres=middle, number=middle / last.unit.metres, how="range, its middle")


def is_range(text: str, start: int, end: int, other: int, *, both: bool) -> bool:
    """Whether two ends belong together by what stands between and before them; `both` says that each has a unit."""
    joint = _RANGE.match(text, end)
    if joint is None or joint.end() != other:
        return _is_bounded(text[max(0, start - 16) : start], text[end:other])
    word = joint[0].strip().lower().split(" ")[0]
    opened = re.search(r"\b(?:between|from|either|anywhere)\b[^.]{0,24}$", text[:start], re.IGNORECASE) is not None
    if word == "and":
        return opened
    return opened or not both or word not in ("to", "or") or text[end:other].strip().lower() in ("to", "or", "up to")


def _is_bounded(before: str, between: str) -> bool:
    """ "more than 1 m but less than 2 m"."""
    lower = re.search(r"(?:more|greater|longer|larger|bigger|over|at least)(?:\s+than)?\s*$", before, re.IGNORECASE)
    upper = re.fullmatch(
        r",?\s*(?:but|and|yet)\s+(?:less|shorter|smaller|fewer|under|at most|not more|no more)(?:\s+than)?\s*",
        between,
        re.IGNORECASE,
    )
    return lower is not None and upper is not None


_NO_BARE = re.compile(r"\s?(?:%|°|degrees?\b|px\b|pixels?\b|kg\b|lbs?\b|s\b|seconds?\b|\^|st\b|nd\b|rd\b|th\b|[:/]\d)")


def bare_number(text: str, unit: Unit) -> Mention | None:
    """The one number of a text without units; of several the last, as "2 + 3 = 5" comes to it; none of none."""
    counts = []
    for number in numerals(text):
        before = text[max(0, number.start - 12) : number.start]
        labelled = re.search(
            r"[\[#]$|\b(?:region|object|person|step|figure|image|chair|table|no\.?)\s*$", before, re.IGNORECASE
        )
        listed = re.match(r"[.)]\s", text[number.end :]) and not before.strip() and number.start < 3 and len(text) > 8
        if not (number.article or labelled or listed or _NO_BARE.match(text, number.end)):
            counts.append(number)
    if not counts:
        return None
    if len(counts) >= 2 and is_range(text, counts[-2].start, counts[-2].end, counts[-1].start, both=False):
        low, high = counts[-2], counts[-1]
        if low.value <= high.value:
            return bare((low.value + high.value) / 2, unit, low.start, high.end, "range, unit as asked")
    chosen = counts[0] if len(counts) == 1 else counts[-1]
    return bare(chosen.value, unit, chosen.start, chosen.end)
