"""Figures and texts as people read them: numbers and long texts enter, short plain texts leave."""

import json
import math
import unicodedata
from typing import Any

_LONGEST = 400  # characters of a text that are shown
_UNITS = (("mm", 0.001, 9.99), ("cm", 0.01, 99.9), ("m", 1.0, 999.0), ("km", 1000.0, math.inf))
"""Units of an axis, in metres, with the number from which the next larger one is used."""


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share for people; a dash where there is none. What is not all never reads 100 %."""
    if value is None:
        return "–"
    shown = f"{value:.{digits}%}"
    if value < 1.0 and shown == f"{1:.{digits}%}":
        return percent(value, digits + 1)
    return shown.replace("%", " %")


def points(value: float, digits: int = 1) -> str:
    """Write a difference of shares in points: "+3.1"; what rounds to nothing has no sign."""
    shown = f"{100 * value:+.{digits}f}".replace("-", "−")
    return shown if shown.strip("+−0.") else shown[1:]


def metres(value: float) -> str:
    """Write a length for an axis: 0.01 is "1 cm"."""
    unit, scaled = next((unit, value / size) for unit, size, most in _UNITS if value / size < most)
    return f"{scaled:.2g} {unit}" if scaled < 10 else f"{scaled:.0f} {unit}"


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 image", "2 images"."""
    return f"{count:,} {plural(count, noun)}"


def plural(count: int, noun: str) -> str:
    """Write a noun as it stands after a count."""
    return noun if count == 1 else f"{noun}s"


def shortened(value: Any) -> str:
    """Write a text as it is, any other value as JSON; the end of a very long one is left out."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def fitted(name: str, room: float | int) -> str:
    """Fit a name into a room; the middle of a longer one is left out, as names that begin alike differ at the end."""
    if width_of(name) <= room:
        return name
    for kept in range(len(name) - 1, 0, -1):
        tail = kept * 2 // 5
        shown = f"{name[: kept - tail]}…{name[len(name) - tail :]}"
        if width_of(shown) <= room:
            return shown
    return "…"


def width_of(text: str, size: float = 13.0) -> float:
    """Estimate how wide a text is at a size of its letters, rather more than less, whatever font the reader has."""
    return size * sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in " iljtfr.,:;'|!()[]-":
        return 0.4
    return 0.95 if letter in "mwMW@%" else 0.75 if letter.isupper() else 0.62
