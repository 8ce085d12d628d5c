"""ratio: how many times as tall or as wide, or how many fit on top of each other? Two lengths of objects."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.estimates import length_of
from spatialvlm.chains.fact_book import FactBook, pick

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
STACKED = (
    "Could [M] copies of [A] be stacked without being taller than [B]?",
    "Would [M] copies of [A], one on top of the other, be less tall than [B]?",
    "Is [B] taller than [M] copies of [A] stacked on each other?",
    "If you stacked [M] copies of [A], would [B] still be taller?",
    "Is [B] more than [M] times as tall as [A]?",
    "Would a stack of [M] copies of [A] stay below the height of [B]?",
    "Does [B] measure more than [M] times the height of [A]?",
    "Multiply the height of [A] by [m]. Is [B] taller than that?",
)
_PLANS = (
    "I need both measures and then divide them.",
    "I measure [A] and [B] and take the ratio.",
    "First [A], then [B], then the one divided by the other.",
)
_STACK_PLANS = (
    "I need the height of [A], [M] times, and the height of [B].",
    "I measure both, multiply the height of [A] by [m] and compare.",
    "The height of [A] counts [M] times here; then I compare it with [B].",
)
_RATIO = ("the ratio is [E]", "dividing the two gives [E]", "[B] comes to [E] times [A]")
_TIMES = ("[M] copies of [A] come to [E]", "[M] times the height of [A] is [E]", "a stack of [M] comes to [E]")
_DIFFERENCE = ("the difference is [E]", "one is taller than the other by [E]", "[B] and the stack differ by [E]")
_ENDINGS = ("So the nearest whole number is [N].", "That is closest to [N].", "Rounded, that is [N].")
_YES = ("So yes, [B] is taller.", "Yes, the stack stays below [B].", "So [B] is indeed taller than [M] copies of [A].")
_NO = (
    "So no, the stack would be taller than [B].",
    "No, [B] is not as tall as that.",
    "So [B] is less tall than [M] copies of [A].",
)
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
    stack = draft.combine("times", (a,), "the height of [M] copies of [A]", _TIMES, float(factor))
    yes = ratio > factor
    draft.combine("difference", (b, stack) if yes else (stack, b), "the difference", _DIFFERENCE)
    draft.questions, draft.plans, draft.endings = STACKED, _STACK_PLANS, _YES if yes else _NO
    draft.conclusion = Conclusion("greater", (b, stack))
    return draft
