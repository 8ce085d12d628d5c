"""Lengths as people say them, in both directions; the only place in the package with units other than SI.

The facts are SpatialVLM's (arXiv 2401.12168, appendix A.2, figure 13): first the unit, then the rounding, then a draw
among the candidates; imperial instead of metric in 20 % with the same kind of rounding; 0.86 m is "1 meter" in 75 %,
"3 feet" or finer in the rest; 23 m is mostly 20 m; "half a meter" occurs. The paper does not print its tree. Ours:

    draw 1   75 %    metric, plain                  18.75 %  imperial, plain
              5 %    metric, finer                   1.25 %  imperial, finer
             (where the question named the unit: 15/16 plain, 1/16 finer, in that unit)
    draw 2   which ladder of sayable values:  plain: one 1/2, halves 1/2;  finer: tidy 1/2, fives 3/10, fine 1/5
    draw 3   the wording: "60 cm", "60 centimeters", "about 60 cm", "one and a half meters", ...

             below 10 cm         10 cm to 1 m        1 to 10 m           from 10 m
    one      1 1.5 2 3 .. 9 cm   10 15 20 30 .. 80   1 1.5 2 3 .. 9 m    10 15 20 30 .. 90, and so on
    halves   as one              .. 20 25 30 35 45   .. 2 2.5 3 3.5 4.5  as one
    tidy     as one              halves and 90 cm    as halves           .. 20 25 30 35 45
    fives    1 1.5 2 2.5 ..      every 5 cm          every 0.5 m         every 5 m
    fine     as fives            every cm            every 0.1 m         every m

A value takes the nearest rung, save that in one and halves "1 meter" begins at 0.825 m. Imperial has the same ladders
of inches below 1 foot (fine: below 3 feet) and of feet above, never finer than half a foot below 10 feet. A ladder
whose rungs around the value are closer than the 1-sigma error gives way to the next coarser one. Plain rounding is off
by at most 22 % of the value (from 1 cm; imperial: from 1 inch).
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal, NoReturn

from spatialvlm.errors import ContractError


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of length: its words, its symbol, and its size in metres."""

    name: str
    plural: str
    symbol: str
    metres: float
    system: Literal["metric", "imperial"]


METER = Unit("meter", "meters", "m", 1.0, "metric")
CENTIMETER = Unit("centimeter", "centimeters", "cm", 0.01, "metric")
DECIMETER = Unit("decimeter", "decimeters", "dm", 0.1, "metric")
MILLIMETER = Unit("millimeter", "millimeters", "mm", 0.001, "metric")
KILOMETER = Unit("kilometer", "kilometers", "km", 1000.0, "metric")
FOOT = Unit("foot", "feet", "ft", 0.3048, "imperial")
INCH = Unit("inch", "inches", "in", 0.0254, "imperial")
YARD = Unit("yard", "yards", "yd", 0.9144, "imperial")
MILE = Unit("mile", "miles", "mi", 1609.344, "imperial")
UNITS = (METER, DECIMETER, CENTIMETER, MILLIMETER, KILOMETER, FOOT, INCH, YARD, MILE)
"""All that `parse` reads. Only meters, centimeters, feet and inches are spoken."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A length as said: `value_m` is what `text` says, and the true value is at most `rounding_m` from it."""

    text: str
    value_m: float
    rounding_m: float
    unit: Unit


@dataclass(frozen=True, slots=True, eq=False)
class _Ladder:
    """The values that may be said, ascending, as numbers with a unit; `cuts` in metres lie between neighbours."""

    rungs: tuple[tuple[float, Unit], ...]
    cuts: tuple[float, ...]
    gaps: tuple[float, ...]  # metres from each rung to its nearest neighbour


_FARTHEST_M = 1e6
_IMPERIAL_SHARE, _FINER_SHARE = 0.20, 0.05 / 0.80
_METRIC_FINER_FROM = 1.0 - (1.0 - _IMPERIAL_SHARE) * _FINER_SHARE
_IMPERIAL_FINER_BELOW = _IMPERIAL_SHARE * _FINER_SHARE
_NAMED_FINER_FROM = 1.0 - _FINER_SHARE
_ONES, _HALVES, _TIDY, _FIVES, _FINE = range(5)  # levels of ladders, from coarse to fine
_METER_FROM_M, _METER_PULLS_M = 0.825, 0.8  # plain speech says "1 meter" from here on, and nothing from 0.8 m to 1 m

# The leading figures (in tenths) within one decade, and the five levels of a decade
_ONE = (10, 15, *range(20, 100, 10))
_HALF = (*range(10, 50, 5), *range(50, 100, 10))
_FIVE, _TEN = tuple(range(10, 100, 5)), tuple(range(10, 100))
_Decade = tuple[tuple[int, ...], ...]
_SMALL: _Decade = (_ONE, _ONE, _ONE, _FIVE, _FIVE)
_MIDDLE: _Decade = (_ONE, _HALF, _HALF, _FIVE, _TEN)
_FAR: _Decade = (_ONE, _ONE, _HALF, _FIVE, _TEN)
_FEET: _Decade = (_ONE, _HALF, _HALF, _FIVE, _FIVE)
_MANY_CM: _Decade = (_FIVE, _TEN, _TEN, _TEN, _TEN)  # who asks for centimeters above 1 m wants "170 cm", not "200 cm"
_DECADES: dict[str, dict[int, _Decade]] = {
    "meter": {-2: _SMALL, -1: _MIDDLE, 0: _MIDDLE},
    "centimeter": {0: _SMALL, 1: _MIDDLE, 2: _MANY_CM},
    "foot": {-2: (_ONE,) * 5, -1: (_ONE,) * 5, 0: _FEET},
    "inch": {0: _SMALL, 1: _MIDDLE},
}


def _rungs(unit: Unit, level: int) -> list[tuple[float, Unit]]:
    """List every number of `unit` that may be said at a level, from half the first rung up to the farthest length."""
    decades = _DECADES[unit.name]
    first = min(decades)
    numbers = [0.5 * 10.0**first]
    for exponent in range(first, 8):
        numbers += [tenths * 10.0 ** (exponent - 1) for tenths in decades.get(exponent, _FAR)[level]]
    if unit is METER and level <= _HALVES:
        numbers = [number for number in numbers if not _METER_PULLS_M < round(number, 6) < 1.0]
    return [(round(number, 6), unit) for number in numbers if number * unit.metres <= _FARTHEST_M]


def _ladder(rungs: list[tuple[float, Unit]], level: int) -> _Ladder:
    """Give rungs their cuts, half-way between them, save where 1 meter pulls."""
    metres = [number * unit.metres for number, unit in rungs]
    cuts = [(low + high) / 2 for low, high in pairwise(metres)]
    if level <= _HALVES and rungs[-1][1] is METER:
        cuts[metres.index(1.0) - 1] = _METER_FROM_M
    gaps = [high - low for low, high in pairwise(metres)]
    nearest = [min(pair) for pair in pairwise([gaps[0], *gaps, gaps[-1]])]
    return _Ladder(tuple(rungs), tuple(cuts), tuple(round(gap, 9) for gap in nearest))


def _metric(level: int) -> _Ladder:
    """Make the ladder of one who chooses: the meter's, said in centimeters below 1 m."""
    rungs = _rungs(METER, level)
    return _ladder([(round(100 * n, 4), CENTIMETER) if n < 1 else (n, METER) for n, _ in rungs], level)


def _imperial(level: int) -> _Ladder:
    """Make the ladder of inches below 1 foot, or below 3 feet where finest, and feet above."""
    feet = 3 if level == _FINE else 1
    inches = [rung for rung in _rungs(INCH, level) if rung[0] < 12 * feet]
    return _ladder(inches + [rung for rung in _rungs(FOOT, level) if rung[0] >= feet], level)


_METRIC, _IMPERIAL = tuple(map(_metric, range(5))), tuple(map(_imperial, range(5)))
_NAMED = {u.name: tuple(_ladder(_rungs(u, n), n) for n in range(5)) for u in (METER, CENTIMETER, FOOT, INCH)}
_CHOSEN = frozenset((*_METRIC, *_IMPERIAL))
_HALF_OF = {(50.0, "centimeter"): METER, (6.0, "inch"): FOOT}
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _numeral(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _wordings(number: float, unit: Unit) -> tuple[str, ...]:
    """List the ways of saying one number with its unit; five of eight are bare, so short answers prevail."""
    long = f"{_numeral(number)} {unit.name if number == 1 else unit.plural}"
    # "1 m" and "10 in" are written, not said
    short = long if unit is INCH or (number == 1 and unit in (METER, FOOT)) else f"{_numeral(number)} {unit.symbol}"
    spelled = long
    if number == 0.5:
        spelled = f"half {'an' if unit is INCH else 'a'} {unit.name}"
        short, long = long if unit is METER else spelled, spelled
    elif number % 1 == 0.5 and number < 10:
        spelled = f"{_WORDS[int(number) - 1]} and a half {unit.plural}"
    return long, short, spelled, long, f"about {short}", f"around {spelled}", f"roughly {long}", short


@cache
def _said(ladder: _Ladder, index: int) -> tuple[Spoken, ...]:
    """List all ways of saying one rung; few and small, so they are kept."""
    number, unit = ladder.rungs[index]
    value_m = round(number * unit.metres, 12)
    low = ladder.cuts[index - 1] if index else 0.0
    high = ladder.cuts[index] if index < len(ladder.cuts) else _FARTHEST_M
    rounding_m = max(value_m - low, high - value_m)
    texts = [(text, unit) for text in _wordings(number, unit)]
    if ladder in _CHOSEN and (number, unit.name) in _HALF_OF:
        larger = _HALF_OF[number, unit.name]
        texts += [(text, larger) for text in _wordings(0.5, larger)]
    return tuple(Spoken(text, value_m, rounding_m, said) for text, said in texts)


def speak(value_m: float, error_m: float, draw: Sequence[float], unit: Unit | None = None) -> Spoken:
    """Say a length in metres with its 1-sigma error as a person would; three draws in [0, 1) decide everything.

    With `unit` (the one the question named: meters, centimeters, feet or inches) the answer is in that unit. The rules
    are in the module's docstring. Raises ContractError for a value that is negative, not finite or above 1000 km, an
    error that is negative or NaN, a draw out of range, and a unit that is only read.
    """
    first, second, third = draw
    if not (0.0 < value_m <= _FARTHEST_M and error_m >= 0.0 and 0.0 <= third < 1.0):
        return _nothing(value_m, error_m, draw, unit)
    if unit is None:
        ladders = _IMPERIAL if first < _IMPERIAL_SHARE else _METRIC
        finer = first >= _METRIC_FINER_FROM or first < _IMPERIAL_FINER_BELOW
    else:
        ladders = _NAMED.get(unit.name) or _only_read(unit)
        finer = first >= _NAMED_FINER_FROM
    if finer:
        level = _TIDY if second < 0.5 else _FIVES if second < 0.8 else _FINE
    else:
        level = _HALVES if second < 0.5 else _ONES
    ladder = ladders[level]
    while level and ladder.gaps[bisect_right(ladder.cuts, value_m)] < error_m:
        level -= 1
        ladder = ladders[level]
    said = _said(ladder, bisect_right(ladder.cuts, value_m))
    return said[int(third * len(said))]


def _nothing(value_m: float, error_m: float, draw: Sequence[float], unit: Unit | None) -> Spoken:
    """Say zero in words; anything else that is not a length from 0 to the farthest is refused."""
    if not (value_m == 0.0 and error_m >= 0.0 and 0.0 <= draw[2] < 1.0):
        raise ContractError(
            f"cannot say the length {value_m!r} m with error {error_m!r} m by the draws {tuple(draw)!r}: expected "
            f"0 to {_FARTHEST_M:.0f} m, an error of at least 0 and draws in [0, 1); the measure stage must refuse it"
        )
    chosen = unit or (INCH if draw[0] < _IMPERIAL_SHARE else CENTIMETER)
    if chosen.name not in _NAMED:
        _only_read(chosen)
    return Spoken(f"0 {chosen.plural}", 0.0, 0.0, chosen)


def _only_read(unit: Unit) -> NoReturn:
    raise ContractError(f"lengths are not said in {unit.plural}: expected one of {', '.join(_NAMED)}; see ask_unit")


def ask_unit(value_m: float, draw: float) -> Unit:
    """Choose the unit that a question about a length in metres may name, by one draw in [0, 1); imperial in 20 %.

    Centimeters up to 2 m, meters from 0.4 m; inches up to 3 feet, feet from 1 foot: where both suit, half and half.
    """
    if draw < _IMPERIAL_SHARE:
        small, large, low_m, high_m, half = INCH, FOOT, FOOT.metres, 3 * FOOT.metres, _IMPERIAL_SHARE / 2
    else:
        small, large, low_m, high_m, half = CENTIMETER, METER, 0.4, 2.0, (1.0 + _IMPERIAL_SHARE) / 2
    if low_m <= value_m < high_m:
        return small if draw < half else large
    return small if value_m < low_m else large


# Reading. A number counts only with a unit: digits in a name ("the 7 up can"), areas, speeds and ranges are none.
_NAMES = {word: unit for unit in UNITS for word in (unit.name, unit.plural, unit.symbol)}
_NAMES |= {word.replace("meter", "metre"): unit for word, unit in _NAMES.items() if "meter" in word}
_NAMES |= {"'": FOOT, "′": FOOT, '"': INCH, "″": INCH}
_PARTS = {"half": 0.5, "quarter": 0.25, "three quarters": 0.75, "third": 1 / 3, "two thirds": 2 / 3}
_WHOLES = {word: float(count) for count, word in enumerate(_WORDS, 1)} | {"a": 1.0, "an": 1.0}
_COUNTS = _PARTS | _WHOLES
_WORD = "|".join(sorted((word for word in _NAMES if word.isalpha() and len(word) > 3), key=len, reverse=True))
_END = r"\s*(?:$|[.,;:!?)])"
_AWAY = rf"\s+(?:wide|tall|high|long|deep|thick|across|apart|away)(?={_END}|\s+(?:and|from)\b)"
_THAN = r"\s+(?:above|below|behind|in\s+front|to\s+the|from|of|higher|lower|taller|nearer|closer|farther|further|and)\b"
_EDGE = r"(?![\w²³^/&])"
_NUMBER = r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
# "10 in" is a length only at the end, before punctuation or "wide" and its like, or written "10in"; "3M" is a name
_UNIT = rf"""(?P<unit>(?:(?i:{_WORD}|[cdkm]m|ft|yd)|mi|m|(?<=\d)in|in(?={_END}|{_AWAY})){_EDGE}|['"′″](?![A-Za-z]))"""
_FIGURES = rf"(?<![\w.\-–/])(?<!\d,){_NUMBER}(?P<and_half>\s+and\s+a\s+half)?\s*{_UNIT}"
_SPELLED = (
    rf"(?i:\b(?:(?P<part>{'|'.join(_PARTS).replace(' ', '[ -]')})(?:\s+of)?(?:\s+an?)?"
    rf"|(?P<count>{'|'.join(sorted(_WHOLES, key=len, reverse=True))})(?P<and_half_>\s+and\s+a\s+half)?)"
    rf"\s+(?(count)(?!(?<=\ba\s)(?:yard|foot(?!{_END}|{_AWAY}|{_THAN}))))(?P<word>{_WORD}){_EDGE})"
)
_QUANTITY = re.compile(rf"(?:{_SPELLED}|{_FIGURES})(?P<more_half>\s+and\s+a\s+half\b)?")
_SMALLER = re.compile(rf"\s*(?:and\s+)?{_NUMBER}\s*{_UNIT}")


def parse(text: str) -> float | None:
    """Parse the first length in a text, in metres, or None where there is none.

    Reads all that `speak` says, alone or within a sentence, and the common ways of writing it (60cm, 1,200 mm, 5',
    5 ft 3 in, two feet, a meter and a half); a number without a unit is no length.
    """
    for found in _QUANTITY.finditer(text):
        if found["unit"] in ("'", '"') and _is_quotation(text, found):
            continue
        if found["number"]:
            number = float(found["number"].replace(",", ""))
        else:
            number = _COUNTS[(found["part"] or found["count"]).lower().replace("-", " ")]
        if found["and_half"] or found["and_half_"] or found["more_half"]:
            number += 0.5
        unit = _NAMES[(found["word"] or found["unit"]).lower()]
        return number * unit.metres + _remainder(text, found.end(), unit)
    return None


def _is_quotation(text: str, found: re.Match[str]) -> bool:
    """Tell whether a quotation mark closes after a number ('the "7" sign') and is no unit: one is open before it."""
    before = text[: found.end("number")]
    opened = re.search(r"(?:^|[\s(])'\w(?!.*'(?!\w))", before)
    return opened is not None if found["unit"] == "'" else before.count('"') % 2 == 1


def _remainder(text: str, at: int, larger: Unit) -> float:
    """Read the inches of "5 feet 3 inches" in metres, 0 where nothing smaller of the same system follows."""
    found = _SMALLER.match(text, at)
    if found is None:
        return 0.0
    unit = _NAMES[found["unit"].lower()]
    metres = float(found["number"].replace(",", "")) * unit.metres
    return metres if unit.system == larger.system and metres < larger.metres and unit.metres < larger.metres else 0.0
