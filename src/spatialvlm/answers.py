"""What an answer can be: one closed sum type, and its JSON.

    Answer = Length | Angle | Count | Area | YesNo | Choice | Order | Clock | Region | CannotTell

A Fact holds one, a QA holds one in the words that it was asked with, an evaluation scores against one, and a reward is
computed from one. Whatever treats answers matches all ten. SI units; places in the image are shares of its width and
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


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The image does not tell. `reason` is the one that refused it, as `spatialvlm questions` lists them."""

    reason: str


Answer = Length | Angle | Count | Area | YesNo | Choice | Order | Clock | Region | CannotTell

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
    "cannot_tell": CannotTell,
}
"""The classes by the names that JSON has for them."""

_NAMES = {kind: name for name, kind in FORMS.items()}


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
    kind = FORMS.get(str(data.get("form")))
    if kind is None:
        raise UserError(f"answer of form {data.get('form')!r}: expected one of {', '.join(FORMS)}")
    expected = [one.name for one in fields(kind)]
    given = [name for name in data if name != "form"]
    if sorted(given) != sorted(expected):
        raise UserError(f"answer of form {data['form']!r}: got {', '.join(given)}; expected {', '.join(expected)}")
    answer = kind(**{name: _frozen(data[name]) for name in expected})
    fault = _fault(answer)
    if fault:
        raise UserError(f"answer of form {data['form']!r}: {fault}")
    return answer


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
    except (TypeError, ValueError) as error:
        raise UserError(f"answer {text!r}: no JSON ({error}); expected an object such as {_EXAMPLE}") from None
    if not isinstance(data, dict):
        raise UserError(f"answer {text!r}: expected a JSON object such as {_EXAMPLE}")
    return answer_from_json(data)


_EXAMPLE = '{"form":"length","metres":0.61}'
_quoted = json.encoder.encode_basestring_ascii


def _frozen(value: Any) -> Any:
    """Turn lists of JSON into tuples, at any depth."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _fault(answer: Answer) -> str | None:
    """Say what is wrong with the values of an answer that somebody else wrote."""
    match answer:
        case Length(value) | Angle(value) | Area(value):
            return None if _is_number(value) else f"got {value!r}, expected a finite number"
        case Count(number):
            return None if _is_whole(number) and number >= 0 else f"number is {number!r}, expected 0, 1, 2, ..."
        case YesNo(yes):
            return None if isinstance(yes, bool) else f"yes is {yes!r}, expected true or false"
        case Choice(options, right):
            if not _are_texts(options):
                return f"options are {options!r}, expected a list of texts"
            within = _is_whole(right) and 0 <= right < len(options)
            return None if within else f"right is {right!r}, expected the place of one of {len(options)} options from 0"
        case Order(items):
            return None if _are_texts(items) else f"items are {items!r}, expected a list of texts"
        case Clock(hour):
            return None if _is_whole(hour) and 1 <= hour <= 12 else f"hour is {hour!r}, expected 1 to 12"
        case Region(polygon):
            fine = isinstance(polygon, tuple) and all(_is_place(corner) for corner in polygon)
            return None if fine else f"polygon is {polygon!r}, expected a list of [x, y], shares of width and height"
        case CannotTell(reason):
            return None if isinstance(reason, str) else f"reason is {reason!r}, expected a text"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def _is_place(corner: Any) -> bool:
    return isinstance(corner, tuple) and len(corner) == 2 and all(map(_is_number, corner))
