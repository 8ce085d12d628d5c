"""Read places in the image: what a model wrote -> points as shares of width and height.

The format is told from the text: (0.3, 0.5) and [0.3, 0.5] are shares; <point x="30" y="50"> are percent (Molmo);
{"point": [y, x]} and {"box_2d": ...} count thousandths, y first (Gemini); {"point_2d": [x, y]} and pairs above 1 count
what `coordinates` says, else pixels where the size of the image is known, else thousandths. Of a box it is the middle.
"""

import re

from spatialvlm.evaluate.parsing.coordinates import Size, spans
from spatialvlm.evaluate.parsing.extraction import ParsedAnswer, find_final_answer, strip_thinking, unparsed

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_TAG = re.compile(r"<points?\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rf"\b([xy])(\d*)\s*=\s*[\"']?\s*({_NUMBER})", re.IGNORECASE)
_GEMINI = re.compile(rf"[\"']point[\"']\s*:\s*\[\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]")
_GEMINI_BOX = re.compile(
    rf"[\"']box_2d[\"']\s*:\s*\[\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]"
)
_NAMED = re.compile(rf"[\"']?x[\"']?\s*[:=]\s*({_NUMBER})\s*,\s*[\"']?y[\"']?\s*[:=]\s*({_NUMBER})", re.IGNORECASE)
_TUPLE = re.compile(rf"[(\[]\s*({_NUMBER}(?:\s*,\s*{_NUMBER}){{1,3}})\s*[)\]]")

_BARE_PAIR = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\W*")
_PERCENT = re.compile(rf"[(\[]\s*({_NUMBER})\s*%\s*,\s*({_NUMBER})\s*%\s*[)\]]")
LARGEST_SHARE = 2.0
"""A share somewhat above 1 lies outside the image; above this, numbers are pixels or thousandths."""

Pairs = list[tuple[float, float]]


def parse_points(answer: str, size: Size | None = None, coordinates: str | None = None) -> ParsedAnswer:
    """Read the points that an answer names, in order; `size` is (width, height) of the image in pixels, if known.

    `coordinates` is what numbers count in that do not say it themselves (`coordinates.NAMES`), if that is known.
    """
    text = strip_thinking(answer)
    for segment in (find_final_answer(text), text):
        found = _points(segment, size, coordinates) if segment else None
        if found is not None:
            points = tuple((x, y) for x, y in found[0])
            return ParsedAnswer(points, found[1])
    return unparsed(text, "no point")


def uncertain_pair(answer: str) -> tuple[float, float] | None:
    """Return the first pair of an answer as it is said, where it does not say itself what its numbers count in."""
    said = parse_points(answer, (1, 1), "pixels")
    if said.how != "pixels" or not isinstance(said.value, tuple):
        return None
    return next((place for place in said.value if isinstance(place, tuple)), None)


def _points(text: str, size: Size | None, coordinates: str | None) -> tuple[Pairs, str] | None:
    tags = [pair for tag in _TAG.findall(text) for pair in _attributes(tag)]
    if tags:
        whole = 100 if max(max(pair) for pair in tags) <= 100 else 1000
        return [(x / whole, y / whole) for x, y in tags], f"tags, {'percent' if whole == 100 else 'thousandths'}"
    points = [(float(y), float(x)) for y, x in _GEMINI.findall(text)]
    if points and max(max(pair) for pair in points) <= 1.0:
        return points, "JSON, shares"  # nobody points at the first thousandth
    gemini = [(x / 1000, y / 1000) for y, x in points]
    gemini += [
        ((x1 + x2) / 2000, (y1 + y2) / 2000)
        for y1, x1, y2, x2 in (map(float, box) for box in _GEMINI_BOX.findall(text))
    ]
    if gemini:
        return gemini, "JSON, thousandths, y first"
    pairs = [(float(x), float(y)) for x, y in _NAMED.findall(text)]
    if not pairs and (bare := _BARE_PAIR.fullmatch(text)):
        pairs = [(float(bare[1]), float(bare[2]))]
    percent = [(float(x) / 100, float(y) / 100) for x, y in _PERCENT.findall(text)]
    if percent and not pairs:
        return percent, "percent"
    pairs = pairs or [_middle([float(one) for one in hit.split(",")]) for hit in _TUPLE.findall(text)]
    if not pairs:
        return None
    if max(max(pair) for pair in pairs) <= LARGEST_SHARE:
        return pairs, "shares"
    (width, height), how = spans(coordinates, size)
    return [(x / width, y / height) for x, y in pairs], how


def _attributes(tag: str) -> Pairs:
    values = {(axis.lower(), number): float(value) for axis, number, value in _ATTRIBUTE.findall(tag)}
    return [
        (values["x", number], values["y", number]) for axis, number in values if axis == "x" and ("y", number) in values
    ]


def _middle(numbers: list[float]) -> tuple[float, float]:
    """Take a pair as it is, of a box its centre."""
    return (
        ((numbers[0] + numbers[2]) / 2, (numbers[1] + numbers[3]) / 2)
        if len(numbers) == 4
        else (numbers[0], numbers[1])
    )
