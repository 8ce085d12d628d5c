"""Know the units of length and area as models write them: words -> units; what makes a number with a unit no length.

The units are those of `spatialvlm.quantities`; here are further spellings of them: British, misspelt, abbreviated, of
other languages.
"""

import re

from spatialvlm.quantities import CENTIMETER, DECIMETER, FOOT, INCH, KILOMETER, METER, MILE, MILLIMETER, YARD, Unit

_METRE = r"m[ei]t?t(?:ere|er|re|ers|res|r|eres)s?|mt(?:e?rs?|ers?)"
_SPELLINGS: tuple[tuple[str, Unit], ...] = (
    (
        rf"cent[ie]\s?-?(?:{_METRE})|zentimeter|cent[íi]metros?|centimètres?|centimetri|сантиметр\w*|см",
        CENTIMETER,
    ),
    (rf"mill?i\s?-?(?:{_METRE})|mil[íi]metros?|millimètres?|миллиметр\w*|мм", MILLIMETER),
    (rf"kilo\s?-?(?:{_METRE})|kil[óo]metros?|kilomètres?|километр\w*|км", KILOMETER),
    (rf"deci\s?-?(?:{_METRE})|dezimeter|дециметр\w*", DECIMETER),
    (rf"{_METRE}|metros?|mètres?|metri|метр\w*", METER),
    (r"feets?|foots?|pies?|fuß", FOOT),
    (r"inch(?:es|s)?|pulgadas?|zoll|pouces?", INCH),
    (r"yards?|yardas?", YARD),
    (r"miles?|millas?", MILE),
)
_SYLLABIC: tuple[tuple[str, Unit], ...] = (
    (r"厘米|公分|センチ(?:メートル)?|센티미터|센티", CENTIMETER),
    (r"毫米|ミリ(?:メートル)?|밀리미터", MILLIMETER),
    (r"公里|千米|キロメートル|킬로미터", KILOMETER),
    (r"分米", DECIMETER),
    (r"米|メートル|미터", METER),
    (r"英尺|フィート|피트", FOOT),
    (r"英寸|インチ|인치", INCH),
)
"""Units of scripts that put no space behind a word."""
_SYMBOLS: tuple[tuple[str, Unit], ...] = (
    (r"cms?", CENTIMETER),
    (r"mms?", MILLIMETER),
    (r"kms?", KILOMETER),
    (r"dm", DECIMETER),
    (r"ft", FOOT),
    (r"yds?", YARD),
    (r"mi", MILE),
    (r"ins", INCH),
)
_MARKS = {"'": FOOT, "''": INCH, '"': INCH}

_NO_POWER = r"(?!\s?(?:\^|\*\*)\s?\{?[23]|\s?/\s?(?:s|h|sec|min|m)\b|\s+(?:per|squared|cubed)\b)"
_END = (
    r"(?=\s*(?:$|[.,;:!?)\]}|/(=≈~*\n±]|-?\s?(?:wide|tall|high|long|deep|thick|across|apart|away|x|×|by|or|and|to)\b))"
)
_LETTERS = "|".join(f"(?:{pattern})" for pattern, _ in _SPELLINGS + _SYMBOLS)
_SIGNS = "|".join(pattern for pattern, _ in _SYLLABIC)
UNIT = (
    rf"(?:(?P<word>(?i:{_LETTERS})(?!\w)|{_SIGNS}){_NO_POWER}"
    rf"|(?P<m>[mM])(?![\w'’]){_NO_POWER}"
    rf"|(?P<in>(?i:in))(?:\.(?=\W|$)|{_END})"
    r"|(?P<mark>''|['\"])(?!\s?\w*['\"]\w))"
)
"""A unit behind a number; "in" only where no noun can follow, "m" only in its letter alone."""

_WHOLE = tuple((re.compile(pattern, re.IGNORECASE), unit) for pattern, unit in _SPELLINGS + _SYMBOLS + _SYLLABIC)


def unit_of(word: str) -> Unit | None:
    """Find the unit that a word, symbol or mark names; None for anything else."""
    word = word.strip().rstrip(".")
    if word in _MARKS:
        return _MARKS[word]
    if word in ("m", "M"):
        return METER
    if word.lower() in ("in", "in."):
        return INCH
    return next((unit for pattern, unit in _WHOLE if pattern.fullmatch(word)), None)


UNITS_BEFORE = re.compile(
    rf"(?:(?<=[_(\[])|\bin\s+|\b)(?P<unit>(?i:{_LETTERS})|m|in)[\])]?[\"']?\s*(?:[:=]|\bis\b)\s*(?:about|≈|~|approximately)?\s*$"
)
"""A unit before a number: "Distance (m): ", "distance_cm = ", "meters: "."""


_AREA = (
    rf"(?:square[\s-]*|sq(?:\.|\b)?\s?)(?P<side>(?i:{_LETTERS})|m|in)(?!\w)"
    rf"|平方(?P<sign>{_SIGNS})"
    rf"|(?P<base>(?i:{_LETTERS})|m|in)(?:\s?(?:\^|\*\*)\s?\{{?2\b\}}?|2\b|\s+squared\b)"
)
AREA_UNIT = re.compile(rf"[\s-]*(?:{_AREA})", re.IGNORECASE)
"""A unit of area behind a number: "square feet", "sq. m", "ft^2", "m2"."""
AREA_UNIT_BEFORE = re.compile(
    rf"(?:{_AREA})[\])]?[\"']?\s*(?:[:=]|\bis\b)\s*(?:about|≈|~|approximately)?\s*$", re.IGNORECASE
)
"""A unit of area before a number: "Area (sq ft): "."""


def square_metres(found: re.Match[str]) -> float:
    """Return the size of a unit of area that one of these patterns found."""
    unit = unit_of(found["side"] or found["sign"] or found["base"])
    assert unit is not None, f"{found[0]!r} names no unit"
    return unit.metres**2
