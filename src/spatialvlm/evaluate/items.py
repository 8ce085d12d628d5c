"""What is asked of a model: the records of `evaluate`.

An Item is one question about some pictures, with the Answer that is right. The form of that answer decides how others
are read and scored; its AnswerReading says the rest.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from spatialvlm.answers import (
    Angle,
    Answer,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
)
from spatialvlm.errors import UserError

Picture = bytes | Path
"""An image file: its bytes as they came, or where it lies."""

Rule = Literal["within_2", "within_25", "within_10", "mra", "mra_strict"]
"""How a number is scored: `metrics.numbers.RULES` says what each means."""


Relation = tuple[str, str, str, str]
"""What a comparison is about, to read answers in whole sentences: two things, the word that may be true of the first
one, and its opposite, as in ("the cup", "the bowl", "left", "right"). The words are those of `parsing.relations.WORDS`.
Of an angle the words are those for above and below 0: ("the cup", "", "right", "left").
"""


@dataclass(frozen=True, slots=True)
class AnswerReading:
    """How answers to a question are read and graded, where the one that is right does not say.

    `rule` grades numbers; None is the usual one of the form (`scoring`). `unit` is the unit of length that a number
    without one counts in, or what the sides of a box do, where the question names it. `lettered`: the prompt calls the
    options (A), (B), ... With a `relation` the options of a choice are its two things or its two words, in its order,
    and a third is `answers.SAME`; yes says that its word is true of its first thing. `names` are those of the things
    that the question is about: what "the 7 up can on the left" has of numbers and words is no answer. `restated`: the
    question is a statement of its own, which "it would fit" affirms and "too narrow" denies.
    """

    rule: Rule | None = None
    unit: str | None = None
    lettered: bool = True
    relation: Relation | None = None
    names: tuple[str, ...] = ()
    restated: bool = False


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
    truth: Answer
    meta: Mapping[str, Any] = field(default_factory=dict)
    reading: AnswerReading = field(default_factory=AnswerReading)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the picture in pixels, where `meta` tells them."""
        told = self.meta.get("size")
        return None if told is None else (int(told[0]), int(told[1]))


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


def plain_text(truth: Answer) -> str:
    """Write an answer in the plainest words, which every parser reads."""
    match truth:
        case Length(metres):
            return f"{metres:.6g} m"
        case Angle(radians):
            return f"{math.degrees(radians):.6g} degrees"
        case Count(number):
            return str(number)
        case Area(square_metres):
            return f"{square_metres:.6g}"
        case YesNo(yes):
            return "yes" if yes else "no"
        case Choice() as choice:
            return choice.chosen
        case Order(items):
            return ", ".join(items)
        case Clock(hour):
            return f"{hour} o'clock"
        case Region(polygon):
            return json.dumps(polygon)
        case BoundingBox() as box:
            return f"[{', '.join(f'{side:.4f}' for side in box.corners)}]"
        case CannotTell():
            return "cannot tell"


def prompts_sha256(items: Iterable[Item]) -> str:
    """Hash all ids and prompts, in order: two runs with the same hash asked the same words."""
    return hashlib.sha256("\0".join(f"{item.id}\0{item.prompt}" for item in items).encode()).hexdigest()


def reading_to_json(reading: AnswerReading) -> dict[str, Any]:
    """Turn a reading into a JSON object."""
    return asdict(reading)


def reading_from_json(data: Mapping[str, Any]) -> AnswerReading:
    """Turn back what `reading_to_json` made. Raises UserError where the fields are others."""
    expected = [one.name for one in fields(AnswerReading)]
    if not isinstance(data, Mapping) or sorted(data) != sorted(expected):
        raise UserError(f"reading of an item: got {data!r}; expected an object with {', '.join(expected)}")
    relation = data["relation"]
    lists = {"relation": None if relation is None else tuple(relation), "names": tuple(data["names"])}
    return AnswerReading(**{**data, **lists})
