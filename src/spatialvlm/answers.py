"""What an answer can be: one closed sum type, and its JSON.

    Answer = Length | Angle | Count | Area | YesNo | Choice | Order | Clock | Region | BoundingBox | CannotTell

A Fact holds one, a QA holds one in the words that it was asked with, an evaluation scores against one, and a reward is
computed from one. Whatever treats answers matches all eleven. SI units; places in the image are shares of its width and
height, x to the right, y down.

The JSON of an answer is an object with its `form` and its fields: {"form": "length", "metres": 0.61}.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from spatialvlm.errors import UserError

SAME = "about the same"
"""The option of a comparison whose two things differ by less than anybody sees."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length in metres."""

    metres: float


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle in radians. A bearing is positive to the right."""

    radians: float


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are."""

    number: int


@dataclass(frozen=True, slots=True)
class Area:
    """An area in square metres."""

    square_metres: float


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no. Where a comparison is too even for either, the answer is a Choice whose right option is `SAME`."""

    yes: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some options; `right` is its place from 0."""

    options: tuple[str, ...]
    right: int

    @property
    def chosen(self) -> str:
        """The option that is right."""
        return self.options[self.right]


@dataclass(frozen=True, slots=True)
class Order:
    """All of some items, in the order that is right."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A direction as an hour on a clock, 1 to 12: 12 is straight ahead, 3 to the right."""

    hour: int


@dataclass(frozen=True, slots=True)
class Region:
    """A place in the image: any point within a polygon, whose corners are (x, y)."""

    polygon: tuple[tuple[float, float], ...]


NOWHERE = Region(())
"""A region that is not filled in yet."""


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box in the image, by its sides."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """x and y of the upper left corner, then of the lower right one."""
        return self.left, self.top, self.right, self.bottom


UNFRAMED = BoundingBox(0.0, 0.0, 0.0, 0.0)
"""A box that is not filled in yet."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The image does not tell. `reason` is the one that refused it, as `spatialvlm questions` lists them."""

    reason: str


Answer = Length | Angle | Count | Area | YesNo | Choice | Order | Clock | Region | BoundingBox | CannotTell

FORMS: dict[str, type[Answer]] = {
    "length": Length,
    "angle": Angle,
    "count": Count,
    "area": Area,
    "yes_no": YesNo,
    "choice": Choice,
    "order": Order,
    "clock": Clock,
    "region": Region,
    "bounding_box": BoundingBox,
    "cannot_tell": CannotTell,
}
"""The classes by the names that JSON has for them."""

_NAMES = {kind: name for name, kind in FORMS.items()}
_OF_FLOATS = (Length, Angle, Area, Region, BoundingBox)


def form_of(answer: Answer) -> str:
    """Name the form of an answer."""
    return _NAMES[type(answer)]


def in_words(answer: Answer, names: Mapping[str, str]) -> Answer:
    """Name otherwise the objects that an answer names: `names` goes from ids to names, or back."""
    match answer:
        case Choice(options, right):
            return Choice(tuple([names.get(option, option) for option in options]), right)
        case Order(items):
            return Order(tuple([names.get(item, item) for item in items]))
        case _:
            return answer


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Turn an answer into a JSON object."""
    return {"form": _NAMES[type(answer)]} | {name: getattr(answer, name) for name in answer.__slots__}


def answer_from_json(data: Mapping[str, Any]) -> Answer:
    """Turn back what `answer_to_json` made. Raises UserError for an unknown form, other fields, or a bad value."""
    form = str(data.get("form"))
    kind = FORMS.get(form)
    if kind is None:
        raise UserError(f"answer of form {data.get('form')!r}: expected one of {', '.join(FORMS)}")
    expected = [one.name for one in fields(kind)]
    given = [name for name in data if name != "form"]
    if sorted(given) != sorted(expected):
        got = ", ".join(given) or "nothing"
        raise UserError(f"answer of form {form!r}: got {got}; expected {', '.join(expected)}")
    values = [_frozen(data[name]) for name in expected]
    fault = _fault(kind, *values)
    if fault:
        raise UserError(f"answer of form {form!r}: {fault}")
    return kind(*map(_as_float, values)) if kind in _OF_FLOATS else kind(*values)


def answer_to_text(answer: Answer) -> str:
    """Write an answer as one line of JSON."""
    write = _WRITERS.get(type(answer))
    return write(answer) if write else json.dumps(answer_to_json(answer), separators=(",", ":"))


def _choice_text(answer: Choice) -> str:
    return f'{{"form":"choice","options":[{",".join(map(_quoted, answer.options))}],"right":{answer.right}}}'


_WRITERS: dict[type, Callable[[Any], str]] = {  # nearly all answers are of these; so they cost a fifth
    Length: lambda answer: f'{{"form":"length","metres":{float(answer.metres)!r}}}',
    YesNo: lambda answer: '{"form":"yes_no","yes":true}' if answer.yes else '{"form":"yes_no","yes":false}',
    Choice: _choice_text,
}


def answer_from_text(text: str) -> Answer:
    """Read an answer from JSON text. Raises UserError for what is none."""
    try:
        data = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(f"answer {text!r}: no JSON ({error}); expected an object such as {_EXAMPLE}") from None
    if not isinstance(data, dict):
        raise UserError(f"answer {text!r}: expected a JSON object such as {_EXAMPLE}")
    return answer_from_json(data)


_EXAMPLE = '{"form":"length","metres":0.61}'
_quoted = json.encoder.encode_basestring_ascii


def _frozen(value: Any, depth: int = 2) -> Any:
    """Turn lists of JSON into tuples, as deep as an answer has any."""
    return tuple([_frozen(one, depth - 1) for one in value]) if depth and isinstance(value, list | tuple) else value


def _as_float(value: Any) -> Any:
    """Turn whole numbers of JSON into floats, those of tuples too."""
    return tuple(map(_as_float, value)) if isinstance(value, tuple) else float(value)


def _fault(kind: type[Answer], value: Any, *more: Any) -> str | None:
    """Say what is wrong with the fields of an answer that somebody else wrote."""
    if kind in (Length, Angle, Area):
        return None if _is_number(value) else f"got {value!r}, expected a finite number"
    if kind is Count:
        return None if _is_whole(value) and value >= 0 else f"number is {value!r}, expected 0, 1, 2, ..."
    if kind is YesNo:
        return None if isinstance(value, bool) else f"yes is {value!r}, expected true or false"
    if kind is Choice:
        if not _are_texts(value):
            return f"options are {value!r}, expected a list of texts"
        (right,) = more
        within = _is_whole(right) and 0 <= right < len(value)
        return None if within else f"right is {right!r}, expected the place of one of {len(value)} options from 0"
    if kind is Order:
        return None if _are_texts(value) else f"items are {value!r}, expected a list of texts"
    if kind is Clock:
        return None if _is_whole(value) and 1 <= value <= 12 else f"hour is {value!r}, expected 1 to 12"
    if kind is Region:
        fine = isinstance(value, tuple) and all(_is_place(corner) for corner in value)
        return None if fine else f"polygon is {value!r}, expected a list of [x, y], shares of width and height"
    if kind is BoundingBox:
        sides = (value, *more)
        fine = all(map(_is_number, sides)) and sides[0] <= sides[2] and sides[1] <= sides[3]
        return None if fine else f"sides are {sides!r}, expected left, top, right and bottom as shares of the image"
    return None if isinstance(value, str) else f"reason is {value!r}, expected a text"


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def _is_place(corner: Any) -> bool:
    return isinstance(corner, tuple) and len(corner) == 2 and all(map(_is_number, corner))
