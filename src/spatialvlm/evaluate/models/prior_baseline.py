"""Answer without looking: per kind of question the median of the lengths, or the majority answer.

Enters: training data (a dataset of ours, a JSONL file), or nothing; then each item gets what holds for the items of its
kind about other pictures of the same task. What beats this baseline has looked.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from pathlib import Path
from statistics import median

from spatialvlm.answers import (
    Angle,
    Answer,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Count,
    Length,
    Order,
    Region,
    form_of,
)
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, plain_text
from spatialvlm.evaluate.models import ModelAnswer, Track
from spatialvlm.evaluate.parsing.choice_answers import LETTERS

Group = tuple[str, str]


class PriorBaseline:
    """An Answerer: see the module."""

    track: Track = "none"
    name = "prior"

    def __init__(self, training: Path | None) -> None:
        if training is not None and not training.exists():
            raise UserError(
                f"prior: no file or folder {str(training)!r}; expected prior:DATA, a dataset or a JSONL file"
            )
        self.version: str | None = None if training is None else f"of {training.name}"
        self._training = None if training is None else _load(training)

    def answers(self, task: str, items: Sequence[Item]) -> list[ModelAnswer]:
        """Give the same answer to all items of a kind, or without training data to all of a kind about one picture."""
        known = items if self._training is None else self._training
        groups: dict[Group, list[Item]] = defaultdict(list)
        for item in known:
            groups[_group(item)].append(item)
        said: dict[tuple[Group, Hashable], str | None] = {}
        answers = []
        for item in items:
            mine = item.pictures if self._training is None else None
            key = (_group(item), mine)
            if key not in said:
                said[key] = _median_or_majority(
                    [other for other in groups[_group(item)] if mine is None or other.pictures != mine]
                )
            text = said[key]
            failure = "no other item of this kind" if text is None else None
            answers.append(ModelAnswer(_in_words_of(text, item), failure=failure))
        return answers


def _load(path: Path) -> list[Item]:
    from spatialvlm.evaluate.tasks import load_task

    return list(load_task("folder").items(path))


def _group(item: Item) -> Group:
    return item.kind, form_of(item.truth)


def _median_or_majority(known: Sequence[Item]) -> str | None:
    """Choose what to say of a kind; an option by its place, since the names of things differ from item to item."""
    if not known:
        return None
    numbers = [number for item in known if (number := _number(item.truth)) is not None]
    if numbers:
        return f"{median(numbers):.4g}"
    return Counter(_right_answer(item.truth) for item in known).most_common(1)[0][0]


def _number(truth: Answer) -> float | None:
    match truth:
        case Length(number) | Count(number) | Area(number):
            return float(number)
        case Angle(radians):
            return math.degrees(radians)
    return None


def _right_answer(truth: Answer) -> str:
    """Name what is right in a way that several items share; of orders, boxes and doubts nothing is known."""
    match truth:
        case Choice(right=right):
            return str(right)
        case Region(polygon):
            return f"({sum(x for x, _ in polygon) / len(polygon):.1f}, {sum(y for _, y in polygon) / len(polygon):.1f})"
        case Order() | BoundingBox() | CannotTell():
            return ""
    return plain_text(truth)


def _in_words_of(text: str | None, item: Item) -> str | None:
    """Put a guess in the words of one item."""
    if text is None:
        return None
    match item.truth:
        case Length():
            return f"{text} m"
        case Angle():
            return f"{text} degrees"
        case Choice(options):
            place = min(int(text), len(options) - 1)
            return f"({LETTERS[place]})" if item.reading.lettered else options[place]
        case Order(items):
            return ", ".join(sorted(items))
    return text
