"""ratio: how many times as tall or as wide; is it more than twice as tall? Two lengths of objects."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, pick
from spatialvlm.chains.uncertain_numbers import length_of

TALL = (
    "How many times as tall as [A] is [B], to the nearest whole number?",
    "To the nearest whole number, how many times the height of [A] is the height of [B]?",
    "[B] is taller than [A]. About how many times as tall is it? Answer with a whole number.",
    "How many times would the height of [A] go into the height of [B], rounded to a whole number?",
    "[B] is how many times as tall as [A]? Round to a whole number.",
    "If the height of [A] is one unit, how many units tall is [B], rounded?",
    "By what whole number would you multiply the height of [A] to get closest to the height of [B]?",
    "What whole number comes closest to the height of [B] divided by the height of [A]?",
)
WIDE = (
    "Seen from here, how many times as wide as [A] is [B], to the nearest whole number?",
    "To the nearest whole number, how many times the width of [A] is that of [B], as seen from here?",
    "Seen from here, [B] is wider than [A]. About how many times as wide is it? Answer with a whole number.",
    "As seen from here, how many times would the width of [A] go into that of [B], rounded to a whole number?",
    "How many copies of [A] side by side come closest to the width of [B], as seen from here?",
    "If the width of [A] is one unit, how many units wide is [B], seen from here and rounded?",
    "By what whole number would you multiply the width of [A] to get closest to that of [B], as seen from here?",
    "What whole number comes closest to the width of [B] divided by the width of [A], as seen from here?",
)
MULTIPLE = (
    "Is [B] more than [M] times as tall as [A]?",
    "Does [B] measure more than [M] times the height of [A]?",
    "Multiply the height of [A] by [m]. Is [B] taller than that?",
    "Is the height of [B] more than [M] times that of [A]?",
    "Take [M] times the height of [A]. Is [B] still taller?",
    "If [A] were [M] times as tall as it is, would [B] still be taller?",
    "Would you say that [B] is more than [M] times as tall as [A]?",
    "Does the height of [A] go into that of [B] more than [M] times?",
)
_PLANS = (
    "I need both measures and then divide them.",
    "I measure [A] and [B] and take the ratio.",
    "First [A], then [B], then the one divided by the other.",
)
_MULTIPLE_PLANS = (
    "I need the height of [A], [M] times, and the height of [B].",
    "I measure both, multiply the height of [A] by [m] and compare.",
    "First the height of [A], then that of [B], then [M] times the first against the second.",
)
_RATIO = ("the ratio is [E]", "dividing the two gives [E]", "[B] comes to [E] times [A]")
_TIMES = ("[M] times the height of [A] is [E]", "multiplied by [m], the height of [A] comes to [E]")
_DIFFERENCE = ("the difference is [E]", "the two differ by [E]", "one is more than the other by [E]")
_ENDINGS = ("So the nearest whole number is [N].", "That is closest to [N].", "Rounded, that is [N].")
_YES = ("So yes, [B] is taller than that.", "Yes, [B] is more than [M] times as tall.")
_NO = ("So no, [B] is less than [M] times as tall.", "No, [M] times the height of [A] is more.")
_WORDS = {2: "two", 3: "three", 4: "four"}


def divide(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a ratio of two heights or widths."""
    kind = pick(rng, ("height", "width"))
    every = book.every(kind)
    if len(every) < 2:
        return "not_measured"
    one, other = (every[place] for place in rng.permutation(len(every))[:2])
    less, more = sorted((one, other), key=length_of)
    ids = (*less.subjects, *more.subjects)
    ratio = length_of(more) / length_of(less)
    if book.given_away(ids, kind, "size"):
        return "given_away"
    if not 1.3 <= ratio <= 8.0 or book.mentioned(ids):
        return "not_asked"
    slots = {letter: book.name(id_) for letter, id_ in zip("AB", ids)}
    draft = Draft(book, "ratio", slots)
    a, b = draft.measure(less), draft.measure(more)
    if kind == "width" or rng.random() < 0.5:
        draft.questions, draft.plans, draft.endings = TALL if kind == "height" else WIDE, _PLANS, _ENDINGS
        draft.conclusion = Conclusion("whole", (draft.combine("ratio", (b, a), "the ratio", _RATIO),))
        return draft if ratio >= 1.5 else "not_asked"
    factor = int(np.clip(round(ratio + rng.choice((-0.5, 0.5))), 2, 4))
    draft.slots |= {"M": _WORDS[factor], "m": str(factor)}
    multiple = draft.combine("times", (a,), "[M] times the height of [A]", _TIMES, float(factor))
    yes = ratio > factor
    draft.combine("difference", (b, multiple) if yes else (multiple, b), "the difference", _DIFFERENCE)
    draft.questions, draft.plans, draft.endings = MULTIPLE, _MULTIPLE_PLANS, _YES if yes else _NO
    draft.conclusion = Conclusion("greater", (b, multiple))
    return draft
