"""triangle: what shape do three objects make? Three distances, compared within the tolerance that the question says."""

from collections.abc import Sequence

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook
from spatialvlm.chains.uncertain_numbers import length_of

ISOSCELES = (
    "Do [L] form an isosceles triangle, if two sides count as equal within [T] %?",
    "Are two of the distances between [L] equal, give or take [T] %?",
    "Do the centers of [L] make a roughly isosceles triangle, with two sides that differ by less than [T] %?",
    "Would you call the triangle of [L] isosceles, allowing a difference of [T] % between two sides?",
    "Taking lengths as equal when they differ by at most [T] %: do [L] form an isosceles triangle?",
    "Think of a triangle with corners at the centers of [L]. Does it have two equal sides, within [T] %?",
    "Are [L] the corners of an isosceles triangle, to within [T] %?",
    "Looking at [L]: are any two of the three distances between them the same within [T] %?",
)
EQUILATERAL = (
    "Do [L] form an equilateral triangle, if sides count as equal within [T] %?",
    "Are the three distances between [L] all equal, give or take [T] %?",
    "Do the centers of [L] make a roughly equilateral triangle, its longest side at most [T] % above the shortest?",
    "Would you call the triangle of [L] equilateral, allowing a difference of [T] % between its sides?",
    "Taking lengths as equal when they differ by at most [T] %: do [L] form an equilateral triangle?",
    "Think of a triangle with corners at the centers of [L]. Are all of its sides equal, within [T] %?",
    "Are [L] all equally far from each other, to within [T] %?",
    "Looking at [L]: are all three distances between them the same within [T] %?",
)
LINE = (
    "Are [L] roughly in one line? The way over the middle one may be [T] % longer than the straight one.",
    "Do [L] lie roughly in a straight line, with a detour over the middle one of at most [T] %?",
    "Are the centers of [L] roughly in one line, allowing a detour of [T] % over the middle one?",
    "Would you say that [L] are lined up, if going over the middle one may add [T] % to the way?",
    "Are [L] lined up, so that passing by the middle one adds less than [T] % to the way?",
    "I go from one end of [L] to the other by way of the one between. Is that less than [T] % longer than straight?",
    "Going by their centers, do [L] form a line, to within a detour of [T] %?",
    "Does going over the middle one of [L] make the straight way longer by less than [T] %?",
)
_PLANS = (
    "I need the three distances between [L], center to center.",
    "Three distances decide this, so I measure each side of the triangle.",
    "I measure from each of the three to each other, center to center.",
)
_PAIR = (
    "[T] % more than [S] is [E], and the next side, [O], is [R] that",
    "[S] and [T] % on top make [E]; [O] is [R] that",
    "to count as equal to [S] a side may measure [E] at most, and [O] is [R] that",
)
_LIMIT = (
    "[T] % more than [S] is [E]",
    "with [T] % added to [S] the limit is [E]",
    "the limit, [T] % more than [S] is [E]",
)
_TWO_YES = (
    "So two of the sides are equal within [T] %: yes.",
    "These two sides count as equal, so yes.",
)
_TWO_NO = (
    "So no two sides are equal within [T] %: no.",
    "Each longer side is too long for the one before, so no two count as equal: no.",
)
_ALL_YES = (
    "The longest side, [G], is below that, so all three count as equal: yes.",
    "Even the longest, [G], stays within it: yes.",
)
_ALL_NO = (
    "The longest side, [G], is beyond that: no.",
    "With [G] the longest side is too long: no.",
)
_DETOUR = ("the two shorter ones together are [E]", "over the middle one it is [E]")
_LINE_YES = ("The way over the middle one stays below that: yes.", "[G] is less, so they are nearly in line: yes.")
_LINE_NO = ("The way over the middle one is longer than that: no.", "[G] is more, so they are not in line: no.")
MOST_CLOSEST, MOST_TIMES = 1.5, 2.0
MOST_DETOUR = 1.4


def triangle(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a question about the triangle of three objects."""
    ids = book.some(rng, 3)
    if ids is None:
        return "not_measured"
    a, b, c = ids
    pairs = ((a, b), (b, c), (a, c))
    facts = [book.fact("distance", *pair) for pair in pairs]
    if any(fact is None for fact in facts):
        return "not_measured"
    if book.mentioned(ids):
        return "not_asked"
    names = [book.name(id_) for id_ in ids]
    draft = Draft(book, "triangle", {"L": f"{names[0]}, {names[1]} and {names[2]}"}, plans=_PLANS)
    sides = [(length_of(fact), draft.measure(fact, pair)) for fact, pair in zip(facts, pairs) if fact is not None]
    short, middle, long = sorted(sides)
    match int(rng.integers(3)):
        case 0:
            return _isosceles(draft, short, middle, long, int(rng.choice((5, 10, 15))))
        case 1:
            return _equilateral(draft, short, long, int(rng.choice((10, 15, 20, 30))))
        case _:
            return _line(draft, short, middle, long, int(rng.choice((2, 5, 10))))


Side = tuple[float, int]


def _isosceles(draft: Draft, short: Side, middle: Side, long: Side, percent: int) -> Draft | str:
    draft.questions, factor = ISOSCELES, 1.0 + percent / 100.0
    draft.slots["T"] = str(percent)
    pairs = sorted(((short, middle), (middle, long)), key=lambda pair: pair[1][0] / pair[0][0])
    closest = pairs[0][1][0] / pairs[0][0][0]
    if closest > MOST_CLOSEST:
        return "not_asked"
    yes = closest < factor
    pairs = pairs[:1] if yes else ((short, middle), (middle, long))
    draft.endings = _TWO_YES if yes else _TWO_NO
    of: list[int] = []
    for less, more in pairs:
        says = [line.replace("[R]", "within" if yes else "beyond") for line in _put(_put(_PAIR, "S", less), "O", more)]
        of += more[1], draft.combine("times", (less[1],), f"{percent} % more than [n{less[1]}]", says, factor)
    draft.conclusion = Conclusion("any_less", tuple(of))
    return draft


def _equilateral(draft: Draft, short: Side, long: Side, percent: int) -> Draft | str:
    if long[0] > MOST_TIMES * short[0]:
        return "not_asked"
    draft.questions, factor = EQUILATERAL, 1.0 + percent / 100.0
    draft.slots["T"] = str(percent)
    says = _put(_LIMIT, "S", short, "the shortest, ", ",")
    limit = draft.combine("times", (short[1],), f"{percent} % more than the shortest side", says, factor)
    draft.endings = _put(_ALL_YES if long[0] < factor * short[0] else _ALL_NO, "G", long)
    draft.conclusion = Conclusion("any_less", (long[1], limit))
    return draft


def _line(draft: Draft, short: Side, middle: Side, long: Side, percent: int) -> Draft | str:
    if short[0] + middle[0] > MOST_DETOUR * long[0]:
        return "not_asked"
    draft.questions, factor = LINE, 1.0 + percent / 100.0
    draft.slots["T"] = str(percent)
    way = draft.combine("sum", (short[1], middle[1]), "the way over the middle one", _DETOUR)
    says = _put(_LIMIT, "S", long, "the longest, ", ",")
    limit = draft.combine("times", (long[1],), f"{percent} % more than the longest", says, factor)
    together = short[0] + middle[0]
    draft.endings = _put(_LINE_YES if together < factor * long[0] else _LINE_NO, "G", (together, way))
    draft.conclusion = Conclusion("any_less", (way, limit))
    return draft


def _put(lines: Sequence[str], slot: str, side: Side, before: str = "", after: str = "") -> tuple[str, ...]:
    """Put the number of a step in the place of a slot."""
    return tuple(line.replace(f"[{slot}]", f"{before}[n{side[1]}]{after}") for line in lines)
