"""Find numbers in text, in figures and in English words -> their values and places.

Figures: 1.2, 1,200 (thousands), 1,20 and 0,5 (decimal commas), 3/4, 1 1/2, 1.2e2, 1.2 x 10^2. Words: "twenty-five",
"one hundred and twenty", "two and a half", "half a", "three quarters of a", "one point five", "a couple of", "a dozen",
and "a", which only a unit behind it makes a number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """One number: its place in the text, its value; `article` where it is only an "a"."""

    start: int
    end: int
    value: float
    article: bool = False
    spelled: bool = False


LARGEST_POWER = 15
"""Nothing that is asked for is larger or smaller by more powers of ten."""
_BELOW_20 = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_SMALL = {word: float(value) for value, word in enumerate(_BELOW_20.split())}
_TENS = {word: 10.0 * tens for tens, word in enumerate(["twenty", "thirty", "forty", "fifty"], 2)}
_TENS |= {word: 10.0 * tens for tens, word in enumerate(["sixty", "seventy", "eighty", "ninety"], 6)}
_PARTS = {"half": 1 / 2, "halves": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4}
_PARTS |= {"fourth": 1 / 4, "fourths": 1 / 4, "fifth": 1 / 5, "fifths": 1 / 5, "eighth": 1 / 8, "eighths": 1 / 8}
_PARTS |= {"tenth": 1 / 10, "tenths": 1 / 10}
_SCALES = {"hundred": 100.0, "thousand": 1000.0}

_ONE = "|".join(sorted((*_SMALL, *_TENS), key=len, reverse=True))
_TWO = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-]+(?:{'|'.join(_SMALL)}))?|(?:{_ONE}))"
_CARDINAL = rf"(?:{_TWO}(?:[\s-]+(?:hundred|thousand)(?:(?:\s+and)?\s+{_TWO}(?!\s+hundred))?)*)"
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_FRACTION = rf"(?:(?:{_ONE}|a|an)[\s-]+)?(?:{_PART})"
_OF = r"(?:\s+of)?(?:\s+an?)?"
_WORDS = re.compile(
    rf"""\b(?:
        (?P<dozens>(?:(?:a|one|two|half\s+a)\s+)?(?:dozen|couple)(?:\s+of)?)
      | (?P<fraction>{_FRACTION}){_OF}
      | (?P<point>(?:(?:{_ONE})\s+)?point(?:\s+(?:{_ONE}|oh))+)
      | (?:(?P<cardinal>a\s+hundred(?:\s+and\s+(?:{_ONE}))?|{_CARDINAL})
            (?P<rest>\s+and\s+(?:(?:a|one|two|three)[\s-]+)?(?:{_PART}))?)
      | (?P<article>an?)(?P<half>\s+and\s+a\s+half)?
    )\b(?!-?\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_FIGURES = re.compile(
    r"""(?<![A-Za-z0-9_.,])(?<!\d[ ]/)(?:
        (?P<whole>\d+)(?:\s+|-|\s+and\s+)(?P<above>\d+)/(?P<below>\d+)
      | (?P<over>\d+(?:\.\d+)?)\s?/\s?(?P<under>\d+)(?![\d/])
      | (?P<plain>\d{1,3}(?:[ ]\d{3})+(?![\d])(?:[.,]\d+)?|\d[\d.,]*\d|\d|\.\d+)
        (?:\s*(?:[eE]|[×x*]\s*10\s?(?:\^|\*\*)?)\s?\{?\s?(?P<power>[-+]?\d+)\s?\}?(?![\d.]))?
        (?P<more>\s+and\s+a\s+(?:half|quarter)\b)?
    )""",
    re.VERBOSE,
)


def find_numbers(text: str) -> list[NumberSpan]:
    """Find all numbers in a plain text, in order, none inside another."""
    found = sorted([*_in_figures(text), *_in_words(text)], key=lambda one: (one.start, -one.end))
    kept: list[NumberSpan] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def is_negative(text: str, number: NumberSpan) -> bool:
    """Return whether a minus stands before a number, and no hyphen."""
    return re.search(r"(?:^|[\s(=:])-$", text[max(0, number.start - 2) : number.start]) is not None


def _in_figures(text: str) -> Iterator[NumberSpan]:
    for found in _FIGURES.finditer(text):
        if found["whole"]:
            if float(found["below"]):
                yield NumberSpan(*found.span(), float(found["whole"]) + float(found["above"]) / float(found["below"]))
        elif found["over"]:
            if float(found["under"]):
                yield NumberSpan(*found.span(), float(found["over"]) / float(found["under"]))
        else:
            value, power = _value_of(found["plain"]), int(found["power"] or 0)
            if value is not None and abs(power) <= LARGEST_POWER and value <= 10.0**LARGEST_POWER:
                more = 0.0 if not found["more"] else 0.5 if found["more"].endswith("half") else 0.25
                yield NumberSpan(*found.span(), value * 10.0**power + more)


def _value_of(figures: str) -> float | None:
    """Convert digits with dots, commas and spaces; None where they make no number (1.2.3, 1,2,3)."""
    figures = figures.replace(" ", "")
    commas, dots = figures.count(","), figures.count(".")
    if commas and dots:  # the last one is the decimal mark
        thousands, mark = (",", ".") if figures.rindex(".") > figures.rindex(",") else (".", ",")
        whole, _, decimals = figures.rpartition(mark)
        groups = whole.split(thousands)
        if mark in whole or not _are_thousands(groups):
            return None
        return float(f"{''.join(groups)}.{decimals}")
    if commas:
        groups = figures.split(",")
        if _are_thousands(groups) and groups[0] != "0":
            return float("".join(groups))
        return float(figures.replace(",", ".")) if commas == 1 else None
    return float(figures) if dots <= 1 else None


def _are_thousands(groups: list[str]) -> bool:
    return 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _in_words(text: str) -> Iterator[NumberSpan]:
    for found in _WORDS.finditer(text):
        words = found[0].lower()
        if found["article"]:
            yield NumberSpan(*found.span(), 1.5 if found["half"] else 1.0, article=not found["half"], spelled=True)
        elif found["dozens"]:
            times = 2.0 if "two" in words else 0.5 if "half" in words else 1.0
            yield NumberSpan(*found.span(), times * (12.0 if "dozen" in words else 2.0), spelled=True)
        elif found["fraction"]:
            yield NumberSpan(*found.span(), _fraction(found["fraction"].lower()), spelled=True)
        elif found["point"]:
            whole, _, decimals = words.partition("point")
            digits = "".join(str(int(_SMALL.get(digit, 0.0))) for digit in decimals.split())
            yield NumberSpan(*found.span(), float(f"{int(_cardinal(whole.split()))}.{digits}"), spelled=True)
        else:
            rest = _fraction(found["rest"].lower().replace("and", "").strip()) if found["rest"] else 0.0
            yield NumberSpan(
                *found.span(), _cardinal(re.split(r"[\s-]+", found["cardinal"].lower())) + rest, spelled=True
            )


def _fraction(words: str) -> float:
    """Multiply the number of parts by the part: "three quarters", "a half", "half"."""
    *count, part = re.split(r"[\s-]+", words)
    return _SMALL.get(count[0], 1.0) * _PARTS[part] if count else _PARTS[part]


def _cardinal(words: list[str]) -> float:
    """Add up within a scale and multiply by the scale: "one hundred and twenty five"."""
    total = current = 0.0
    for word in words:
        if word in _SCALES:
            current = max(current, 1.0) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0.0
        else:
            current += _SMALL.get(word, 0.0) + _TENS.get(word, 0.0)
    return total + current
