"""Read a box in the image: what a model wrote -> its corners as shares of width and height, the first box that it says.

[x1, y1, x2, y2], (x1, y1), (x2, y2), {"bbox_2d": [...]} and x1: ..., y1: ... count in what the question asks for, or
else in what `coordinates` says, in pixels where the size of the image is known, in thousandths where it is not; numbers
of at most 1 are shares.
{"box_2d": [y1, x1, y2, x2]} counts thousandths, y first (Gemini).
"""

import re

from spatialvlm.evaluate.parsing.coordinates import Size, spans
from spatialvlm.evaluate.parsing.extraction import ParsedAnswer, find_final_answer, strip_thinking, unparsed
from spatialvlm.evaluate.parsing.point_answers import LARGEST_SHARE
from spatialvlm.quantities import spans_of

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+))"
_SEPARATOR = r"(?:\s*[,;]\s*|\s+)"
_FOUR = _SEPARATOR.join([_NUMBER] * 4)
_PAIR = rf"[(\[]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[)\]]"
_GEMINI = re.compile(rf"(?<!b)box_2d[\"']?\s*:\s*\[+\s*{_FOUR}")
_WRITTEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"[(\[<{{]\s*{_FOUR}\s*[)\]>}}]",
        rf"{_PAIR}\W{{0,9}}(?:to|and)?\W{{0,9}}{_PAIR}",
        r"\W{1,9}".join(rf"[\"']?{name}[\"']?\s*[:=]\s*{_NUMBER}" for name in ("x_?1", "y_?1", "x_?2", "y_?2")),
        r"\W{1,9}".join(rf"\b{name}[\"']?\s*[:=]?\s*{_NUMBER}" for name in ("left", "top", "right", "bottom")),
    )
)
_BARE = re.compile(rf"\s*{_FOUR}\W*")


def parse_box(
    answer: str, scale: str | None = None, size: Size | None = None, coordinates: str | None = None
) -> ParsedAnswer:
    """Read a box as its two corners; `scale` is what the question asks for, `size` that of the image, if known.

    `coordinates` is what numbers count in where neither they nor the question say it, if that is known.
    """
    text = strip_thinking(answer)
    for segment in (find_final_answer(text), text):
        found = _box(segment, scale, size, coordinates) if segment else None
        if found is not None:
            return found
    return unparsed(text, "no box")


def _box(text: str, scale: str | None, size: Size | None, coordinates: str | None) -> ParsedAnswer | None:
    if gemini := _GEMINI.search(text):
        top, left, bottom, right = (float(number) / 1000 for number in gemini.groups())
        return ParsedAnswer(((left, top), (right, bottom)), "JSON, thousandths, y first")
    hits = [hit for hit in (*(pattern.search(text) for pattern in _WRITTEN), _BARE.fullmatch(text)) if hit]
    if not hits:
        return None
    first = min(hits, key=lambda hit: hit.start())
    left, top, right, bottom = map(float, first.groups())
    width, height = _spans(first[0], max(left, top, right, bottom), scale, size, coordinates)
    how = "shares" if (width, height) == (1, 1) else f"of {width} by {height}"
    how = "thousandths" if coordinates and (width, height) == (1000, 1000) else how
    return ParsedAnswer(((left / width, top / height), (right / width, bottom / height)), how)


def uncertain_corners(answer: str, scale: str | None) -> list[tuple[float, float]]:
    """Return the corners of a box as they are said, where neither they nor the question say what they count in."""
    said = parse_box(answer, scale, (1, 1), "4x1")
    if said.how != "of 4 by 1" or not isinstance(said.value, tuple):
        return []
    return [(corner[0] * 4, corner[1]) for corner in said.value if isinstance(corner, tuple)]


def _spans(said: str, largest: float, scale: str | None, size: Size | None, coordinates: str | None) -> Size:
    """Tell what width and height count in an answer."""
    asked = None if scale is None else spans_of(scale)
    if (largest <= 1.0 and "." in said) or (asked in (None, (1, 1)) and largest <= LARGEST_SHARE):
        return 1, 1
    return asked if asked not in (None, (1, 1)) else spans(coordinates, size)[0]
