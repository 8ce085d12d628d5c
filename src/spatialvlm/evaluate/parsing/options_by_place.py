"""Match options that are called by their place or by two words: "the second one", "behind you, to the right"."""

import re
from collections.abc import Sequence

from spatialvlm.evaluate.parsing.names import MARK, are_points, mark_names

NOT = re.compile(r"(?:\bnot|n't|\brather than|\binstead of)\s+(?:(?!but\b)\w+\s+){0,2}$", re.IGNORECASE)
_PLACES = re.compile(
    r"\b(?:(?P<nth>first|1st|former|second|2nd|latter|third|3rd|fourth|4th|middle|last)"
    r"(?:\s+(?:one|option|item|object|thing|choice|point))?"
    r"|(?:option|number|choice|item|object|point)\s+(?:number\s+|#\s*)?(?P<number>[1-9]|one|two|three|four))\b",
    re.IGNORECASE,
)
_NTH = {
    word: place
    for place, words in enumerate(("firs 1st form one 1", "seco 2nd two 2", "thir 3rd thre 3", "four 4th 4"))
    for word in words.split()
} | {str(number): number - 1 for number in range(5, 10)}
_COORDINATES = re.compile(r"\d\s*,\s*\d")
_MIDDLE = re.compile(r"\bmiddle\b", re.IGNORECASE)
_QUADRANT = re.compile(r"(front|back)-(left|right)")
_HALVES = {
    "front": re.compile(r"\b(?:front|forwards?|(?<!straight\s)ahead)\b", re.IGNORECASE),
    "back": re.compile(r"\b(?:back(?:wards?)?|behind|rear)\b", re.IGNORECASE),
    "left": re.compile(r"\bleft\b", re.IGNORECASE),
    "right": re.compile(r"\bright\b(?!\s+(?:behind|ahead|in\s+front))", re.IGNORECASE),
}


def by_place(text: str, options: Sequence[str]) -> tuple[int, str] | None:
    """Match "the second one", "option 2", "the latter": the only place that is said, where no option is named."""
    if MARK.search(mark_names(text, *options)) or (are_points(options) and _COORDINATES.search(text)):
        return None
    last, middle = len(options) - 1, len(options) // 2
    if len(options) % 2 == 0 and _MIDDLE.search(text):
        return None
    nth = _NTH | {"last": last, "latt": last, "midd": middle}
    hits = [hit for hit in _PLACES.finditer(text) if not NOT.search(text[: hit.start()])]
    places = {nth[(hit["nth"] or hit["number"]).lower()[:4]] for hit in hits}
    return (places.pop(), "its place") if len(places) == 1 and max(places) <= last else None


def by_quadrant(text: str, options: tuple[str, ...]) -> int | None:
    """Match a quarter of the turn by its two words, wherever they stand: "behind you, to the right"."""
    halves = [_QUADRANT.fullmatch(option) for option in options]
    said = {word for word, pattern in _HALVES.items() if pattern.search(text)}
    found = [place for place, hit in enumerate(halves) if hit and said == {hit[1], hit[2]}]
    return found[0] if len(found) == 1 and all(halves) else None
