"""order: three things from left to right, by two relations that share one of them, or by their heights."""

from itertools import pairwise

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, seen_apart
from spatialvlm.chains.uncertain_numbers import length_of

LEFT_TO_RIGHT = (
    "From left to right, in which order do [L] come?",
    "Put [L] in order from left to right.",
    "How are [L] lined up, going from left to right?",
    "Name [L] from left to right, as you see them.",
    "Sort [L] from the leftmost to the rightmost.",
    "If you pass your eyes from left to right, in what order do you meet [L]?",
    "Going by where their centers are, what is the order of [L] from left to right?",
    "In what order do [L] stand, seen from here, beginning on the left?",
)
RIGHT_TO_LEFT = (
    "From right to left, in which order do [L] come?",
    "Put [L] in order from right to left.",
    "How are [L] lined up, going from right to left?",
    "Name [L] from right to left, as you see them.",
    "Sort [L] from the rightmost to the leftmost.",
    "If you pass your eyes from right to left, in what order do you meet [L]?",
    "Going by where their centers are, what is the order of [L] from right to left?",
    "In what order do [L] stand, seen from here, beginning on the right?",
)
FROM_TALLEST = (
    "From the tallest to the shortest, what is the order of [L]?",
    "Put [L] in order by their height, the tallest first.",
    "Sort [L] from tallest to shortest.",
    "Rank [L] by how tall they are, beginning with the tallest.",
    "Which of [L] is the tallest, which comes next, and which is the shortest?",
    "If [L] stood side by side by size, tallest first, what would the order be?",
    "How do [L] rank in height, from most to least?",
    "List [L] by height, from the greatest to the least.",
)
FROM_SHORTEST = (
    "From the shortest to the tallest, what is the order of [L]?",
    "Put [L] in order by their height, the shortest first.",
    "Sort [L] from shortest to tallest.",
    "Rank [L] by how tall they are, beginning with the shortest.",
    "Which of [L] is the shortest, which comes next, and which is the tallest?",
    "If [L] stood side by side by size, shortest first, what would the order be?",
    "How do [L] rank in height, from least to most?",
    "List [L] by height, from the least to the greatest.",
)
_LEFT_PLANS = (
    "I compare them two by two.",
    "I look at two of them at a time, as seen from here.",
    "Two comparisons settle this, if one of the three is in both.",
)
_HEIGHT_PLANS = (
    "I need the height of each.",
    "I measure all three from bottom to top and then sort them.",
    "Three heights decide this.",
)
_LEFT_ENDINGS = (
    "[B] is in both, so the order is: [N].",
    "[A] is left of [B] and [B] is left of [C], which makes the order: [N].",
    "So [B] is between the other two, and the order is: [N].",
)
_HEIGHT_ENDINGS = ("Sorted, that is: [N].", "So the order is: [N].", "That makes the order: [N].")


def order(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft an order of three things."""
    return _by_side(book, rng) if rng.random() < 0.5 else _by_height(book, rng)


def _by_side(book: FactBook, rng: np.random.Generator) -> Draft | str:
    firsts = book.every("left_difference")
    if not firsts:
        return "not_measured"
    first = firsts[int(rng.integers(len(firsts)))]
    a, b = first.subjects
    seconds = [fact for fact in firsts if fact.subjects[0] == b]
    if not seconds:
        return "not_measured"
    second = seconds[int(rng.integers(len(seconds)))]
    ids = (a, b, second.subjects[1])
    if book.given_away(ids, "x"):
        return "given_away"
    if book.mentioned(ids):
        return "not_asked"
    draft = _draft(book, rng, ids)
    draft.slots |= {letter: book.name(id_) for letter, id_ in zip("ABC", ids)}
    steps = draft.measure(first), draft.measure(second)
    leftward = bool(rng.integers(2))
    draft.questions, draft.plans, draft.endings = (
        RIGHT_TO_LEFT if leftward else LEFT_TO_RIGHT,
        _LEFT_PLANS,
        _LEFT_ENDINGS,
    )
    names = tuple(book.name(id_) for id_ in ids)
    draft.conclusion = Conclusion("chained", steps, names[::-1] if leftward else names)
    return draft


def _by_height(book: FactBook, rng: np.random.Generator) -> Draft | str:
    ids = book.some(rng, 3)
    facts = [book.fact("height", id_) for id_ in ids or ()]
    found = [fact for fact in facts if fact is not None]
    if ids is None or len(found) < 3:
        return "not_measured"
    if book.given_away(ids, "height", "size"):
        return "given_away"
    if book.mentioned(ids):
        return "not_asked"
    if not all(seen_apart(less, more) for less, more in pairwise(sorted(map(length_of, found)))):
        return "too_close_to_call"
    draft = _draft(book, rng, tuple(ids))
    steps = tuple(draft.measure(fact) for fact in found)
    upward = bool(rng.integers(2))
    draft.questions, draft.plans, draft.endings = (
        FROM_SHORTEST if upward else FROM_TALLEST,
        _HEIGHT_PLANS,
        _HEIGHT_ENDINGS,
    )
    draft.conclusion = Conclusion("ascending" if upward else "descending", steps, tuple(map(book.name, ids)))
    return draft


def _draft(book: FactBook, rng: np.random.Generator, ids: tuple[str, ...]) -> Draft:
    """Begin a draft that lists them in random order."""
    names = [book.name(ids[place]) for place in rng.permutation(3)]
    return Draft(book, "order", {"L": f"{names[0]}, {names[1]} and {names[2]}"})
