"""Lengths that a question speaks of: tagged words enter; [0], [1] ... in their places and the terms leave.

A term is a tool with the letters of its things, a known length, or a multiple of one: "twice the height of <a>".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

THING = r"<([a-h])>"
ME = r"(?:(?:the )?(?:camera|viewer|observer)|me|us|you|here)"
_MANY = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "half": 0.5, "one and a half": 1.5}
_SPELT = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {word: float(number) for number, word in enumerate(_SPELT, 2)}
_TIMES = re.compile(
    rf"(?:\b({'|'.join(_MANY)})(?: of)?|\b({'|'.join(NUMBERS)}|\d+(?:\.\d+)?) times(?: as \w+ as)?) $", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Term:
    """A length: what a tool measures of things, by their letters, or `metres` that are known; `factor` times it.

    `tool` is "size" or "distance", `of` what of it; "top" is how high above the support plane a thing reaches.
    """

    tool: str
    of: str = ""
    things: tuple[str, ...] = ()
    metres: float = 0.0
    factor: float = 1.0


_Made = Callable[[tuple[str, ...]], Term]


def _pair(of: str) -> _Made:
    return lambda things: Term("distance", of, things[:2])


def _one(tool: str, of: str) -> _Made:
    return lambda things: Term(tool, of, things[:1])


def _between(lead: str, of: str) -> list[tuple[str, _Made]]:
    middles = "(?:the (?:centers|middles|edges) of )?"
    forms = (f"between {middles}{THING} and {THING}", f"from {THING} to {THING}", f"of {THING} (?:from|to) {THING}")
    return [(f"(?:the )?{lead} {form}", _pair(of)) for form in forms]


_FORMS: list[tuple[str, _Made]] = [
    *_between(r"(?:gap|(?:free |empty )?space|clearance|passage|opening)", "gap"),
    *_between(r"(?:horizontal|level|floor) distance", "horizontal"),
    *_between(r"(?:vertical|upright) distance", "vertical"),
    *_between(r"(?:(?:straight-line |direct |center-to-center )?distance)", "centers"),
    (f"(?:the )?distance (?:of {THING} from {ME}|to {THING}|from {ME} to {THING})", _one("distance", "camera")),
    (f"how far (?:away )?{THING} is from {THING}", _pair("centers")),
    (f"how far (?:away )?{THING} is(?: away)?(?: from {ME})?", _one("distance", "camera")),
    (f"(?:the )?height of {THING}|{THING}'s height|how (?:tall|high) {THING} is", _one("size", "height")),
    (f"(?:the )?width of {THING}(?: as seen from here)?|{THING}'s width|how wide {THING} is", _one("size", "width")),
    (f"(?:the )?(?:top|highest point|upper edge) of {THING}", _one("top", "")),
    (f"(?:the )?(?:bottom|lowest point|lower edge|underside) of {THING}", _one("size", "elevation")),
    (f"from {THING} to {THING}", _pair("centers")),
]
_PATTERNS = [(re.compile(form), made) for form, made in _FORMS]
_PLANE = "(?:floor|ground|table top|table|surface|supporting surface)"
_KNOWN = re.compile(rf"\{{([\d.e+-]+)\}}(?: (?:above|over) (?:the )?{_PLANE})?")


def find_terms(text: str) -> tuple[str, tuple[Term, ...]]:
    """Put [0], [1] ... in the places of all lengths that a text speaks of, in order."""
    found: list[tuple[int, int, Term]] = []

    def take(start: int, end: int, term: Term) -> None:
        if all(end <= other or start >= upto for other, upto, _ in found):
            times = _TIMES.search(text[:start])
            if times is not None:
                factor = _MANY.get(times[1] or "", 0.0) or NUMBERS.get(times[2] or "", 0.0) or float(times[2])
                start, term = times.start(), replace(term, factor=factor)
            found.append((start, end, term))

    for pattern, made in _PATTERNS:
        for match in pattern.finditer(text):
            take(match.start(), match.end(), made(tuple(filter(None, match.groups()))))
    for match in _KNOWN.finditer(text):
        take(match.start(), match.end(), Term("known", metres=float(match[1])))
    found.sort(key=lambda one: one[0])
    for place, (start, end, _) in reversed([*enumerate(found)]):
        text = f"{text[:start]}[{place}]{text[end:]}"
    return text, tuple(term for *_, term in found)
