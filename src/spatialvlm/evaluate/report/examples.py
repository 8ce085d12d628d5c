"""The few scored items that people should see: many enter, some leave, always the same ones.

They are chosen by a rule and never by chance: the worst, what could not be read, and where the two parsers disagree.
Where many are alike, kinds or reasons take turns, so that one of them does not fill the list.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from spatialvlm.evaluate.items import Length, Number
from spatialvlm.evaluate.metrics.numbers import SLACK
from spatialvlm.evaluate.report.figures import normal
from spatialvlm.evaluate.report.rows import in_order, value_of
from spatialvlm.evaluate.scoring import Scored

WORST = 12
UNREAD = 20
DISAGREEMENTS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Some of `count` items."""

    shown: tuple[Scored, ...]
    count: int


def worst(scored: Sequence[Scored]) -> Picked:
    """Answers that were read and are wrong: the numbers that are farthest off, by |ln|, and wrong choices in turns.

    Numbers get half of the places, and more where there are few choices. Wrong choices come with the highest stated
    confidence first.
    """
    wrong = [one for one in in_order(scored) if one.parsed.value is not None and value_of(one.robust) < 1.0]
    numbers = sorted((one for one in wrong if _is_number(one)), key=lambda one: -off(one))
    numbers = [one for one in numbers if off(one) > 0]
    choices = sorted((one for one in wrong if not _is_number(one)), key=lambda one: -(one.parsed.confidence or 0.0))
    choices = in_turns(choices, lambda one: one.item.kind)
    few = min(len(choices), WORST // 2)
    shown = [*numbers[: WORST - few], *choices]
    return Picked(tuple(shown[:WORST]), len(numbers) + len(choices))


def unread(scored: Sequence[Scored]) -> Picked:
    """Answers from which nothing was read, those that declined or were never had included; reasons take turns."""
    found = [one for one in in_order(scored) if one.parsed.value is None]
    return Picked(tuple(in_turns(found, reason)[:UNREAD]), len(found))


def disagreements(scored: Sequence[Scored]) -> Picked:
    """Where the official score is another than ours; whom of the two it favours takes turns."""
    found = [
        one
        for one in in_order(scored)
        if one.official is not None and abs(value_of(one.official) - value_of(one.robust)) > SLACK
    ]
    shown = in_turns(found, lambda one: (value_of(one.official) > value_of(one.robust), reason(one)))
    return Picked(tuple(shown[:DISAGREEMENTS]), len(found))


def reason(one: Scored) -> str:
    """How an answer was read, or why not, without what varies."""
    return normal(one.parsed.how)


def off(one: Scored) -> float:
    """|ln(answer / truth)| of a length or number: infinite where there is no ratio."""
    said = one.parsed.value
    match one.item.truth:
        case Length(metres=true) | Number(value=true):
            if not isinstance(said, float | int):
                return math.inf
            if said == true:
                return 0.0
            return abs(math.log(said) - math.log(true)) if said > 0 and true > 0 else math.inf
    return 0.0


def in_turns(found: Iterable[Scored], group: Callable[[Scored], Hashable]) -> list[Scored]:
    """The same items, the first of every group before the second of any; groups keep the order of their first."""
    turns: dict[Hashable, int] = {}
    ranked = []
    for one in found:
        turn = turns[group(one)] = turns.get(group(one), -1) + 1
        ranked.append((turn, one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def _is_number(one: Scored) -> bool:
    return isinstance(one.item.truth, Length | Number)
