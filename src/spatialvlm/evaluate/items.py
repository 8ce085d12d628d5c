"""What is asked of a model, and the truth: the records of `evaluate`, and their form in JSON.

An Item is one question about some pictures. Its truth has one of six forms, which decides how an answer is read and by
which rule it is scored. Lengths are in metres.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from spatialvlm.errors import UserError

Picture = bytes | Path
"""An image file: its bytes as they came, or where it lies."""

Rule = Literal["within_2", "within_25", "within_10", "mra", "mra_strict"]
"""How a number is scored: `metrics.numbers.RULES` says what each means."""


Relation = tuple[str, str, str, str]
"""What a comparison is about, to read answers in whole sentences: two things, the word that may be true of the first
one, and its opposite, as in ("the cup", "the bowl", "left", "right"). The words are those of `parsing.relations.WORDS`.
"""


@dataclass(frozen=True, slots=True)
class Length:
    """A length in metres. `unit` is what a number without a unit counts in, where the question names one."""

    metres: float
    rule: Rule = "within_2"
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a unit, or in a unit that the question fixes (a count, square metres)."""

    value: float
    rule: Rule = "mra"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some options; `right` is its place from 0. `lettered` says that the prompt calls them (A), (B), ...

    With a `relation` the options are its two things, or its two words, in its order; a third is "about the same".
    """

    options: tuple[str, ...]
    right: int
    lettered: bool = True
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no: with a `relation`, whether its word is true of its first thing."""

    right: bool
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A direction as an hour on a clock, 1 to 12."""

    hour: int


@dataclass(frozen=True, slots=True)
class Region:
    """A place in the image: the corners of a polygon as (x, y) shares of width and height."""

    polygon: tuple[tuple[float, float], ...]


Truth = Length | Number | Choice | YesNo | Clock | Region
FORMS: dict[str, type[Truth]] = {
    "length": Length,
    "number": Number,
    "choice": Choice,
    "yes_no": YesNo,
    "clock": Clock,
    "region": Region,
}


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One question. `question` is the bare question, `prompt` all that the model reads beside the pictures.

    `id` is unique within a task. `kind` is its row in tables. `meta` holds what the official rule, the task's own
    figures or a baseline want to know of it: JSON values only.
    """

    id: str
    kind: str
    question: str
    prompt: str
    pictures: tuple[Picture, ...]
    truth: Truth
    meta: Mapping[str, Any] = field(default_factory=dict)


def picture_bytes(picture: Picture, item: Item) -> bytes:
    """Read the bytes of an item's picture. Raises UserError where the file is missing, with where it is had from."""
    if isinstance(picture, bytes):
        return picture
    try:
        return picture.read_bytes()
    except OSError as error:
        source = item.meta.get("pictures_from")
        fix = f"get it from {source}" if source else "get the pictures too"
        raise UserError(f"item {item.id!r}: its picture cannot be read ({error.strerror}): {picture}; {fix}") from None


def prompts_sha256(items: Iterable[Item]) -> str:
    """Hash all ids and prompts, in order: two runs with the same hash asked the same words."""
    return hashlib.sha256("\0".join(f"{item.id}\0{item.prompt}" for item in items).encode()).hexdigest()


def form_of(truth: Truth) -> str:
    """Name the form of a truth."""
    return next(name for name, kind in FORMS.items() if isinstance(truth, kind))


def truth_to_json(truth: Truth) -> dict[str, Any]:
    """Turn a truth into a JSON object with its form."""
    return {"form": form_of(truth)} | {one.name: getattr(truth, one.name) for one in fields(truth)}


def truth_from_json(data: Mapping[str, Any]) -> Truth:
    """Turn back what `truth_to_json` made into a truth. Raises UserError for an unknown form or wrong fields."""
    values = {name: _frozen(value) for name, value in data.items() if name != "form"}
    kind = FORMS.get(str(data.get("form")))
    if kind is None:
        raise UserError(f"truth of form {data.get('form')!r}: expected one of {', '.join(FORMS)}")
    try:
        return kind(**values)
    except TypeError:
        expected = ", ".join(one.name for one in fields(kind))
        raise UserError(f"truth of form {data['form']!r}: got {', '.join(values)}; expected {expected}") from None


def _frozen(value: Any) -> Any:
    """Turn lists of JSON into tuples, at any depth."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
