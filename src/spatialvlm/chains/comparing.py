"""compare: which of two lengths is longer, or is one longer than the other? Two lengths, their difference."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, seen_apart
from spatialvlm.chains.uncertain_numbers import length_of

_PAIRS = (
    *(("gap", "gap"), ("gap", "height"), ("gap", "width"), ("distance", "distance"), ("height", "height")),
    *(("width", "width"), ("width", "height"), ("height", "gap"), ("width", "gap"), ("height", "width")),
)
MOST_TIMES = 3.0
"""Where one is more than so many times the other, there is nothing to find out."""

WHICH = (
    "Which is longer: [X] or [Y]?",
    "Which of these two is greater, [X] or [Y]?",
    "What is larger, [X] or [Y]?",
    "Compare [X] with [Y]. Which one is longer?",
    "If you measured [X] and [Y], which would come out longer?",
    "Judging from the picture, which is greater: [X] or [Y]?",
    "Would a tape measure show more for [X] or for [Y]?",
    "Is it [X] or [Y] that is longer?",
    "Can you work out which is longer, [X] or [Y]?",
)
WHETHER = (
    "Is [X] greater than [Y]?",
    "Is [X] more than [Y]?",
    "Does [X] exceed [Y]?",
    "Would you say that [X] is greater than [Y]?",
    "Is it true that [X] is more than [Y]?",
    "If you measured both, would [X] come out greater than [Y]?",
    "Compare [X] with [Y]. Is the first one greater?",
    "Judging from the picture, is [X] greater than [Y]?",
    "Can you tell whether [X] is more than [Y]?",
)
_PLANS = (
    "I need two lengths: [X], and [Y].",
    "I need both lengths.",
    "Two lengths decide this.",
    "I estimate both lengths and then compare them.",
)
_DIFFERENCE = (
    "the two differ by [E]",
    "the difference is [E]",
    "one is longer than the other by [E]",
    "the [O] one is greater, by [E]",
)
_WHICH_ENDINGS = (
    "So [G] is the longer one.",
    "So it is [G].",
    "That makes the [O] the longer of the two.",
    "So the [O] one is longer.",
)
_YES = ("So yes, the first is greater.", "Yes, [X] is more.", "So [X] is indeed the greater one.")
_NO = ("So no, the first is less than the second.", "No, the second is the greater one.", "So no, [Y] is more.")


def compare(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a comparison of two lengths."""
    kinds = _PAIRS[int(rng.integers(len(_PAIRS)))]
    every = [book.every(kind) for kind in kinds]
    if not all(every):
        return "not_measured"
    one, other = (facts[int(rng.integers(len(facts)))] for facts in every)
    first, second = length_of(one), length_of(other)
    subjects = tuple(dict.fromkeys((*one.subjects, *other.subjects)))
    if one == other or book.mentioned(subjects):
        return "not_asked"
    if book.given_away(subjects, "height", "width", "size"):
        return "given_away"
    if not seen_apart(first, second):
        return "too_close_to_call"
    if max(first, second) > MOST_TIMES * min(first, second):
        return "not_asked"
    draft = Draft(book, "compare", plans=_PLANS)
    x, y = draft.measure(one), draft.measure(other)
    more, less = (x, y) if first > second else (y, x)
    draft.slots |= {"X": draft.noun(x), "Y": draft.noun(y), "G": draft.noun(more)}
    draft.slots["O"] = "first" if more == x else "second"
    draft.combine("difference", (more, less), "the difference", _DIFFERENCE)
    if rng.random() < 0.5:
        draft.questions, draft.endings = WHICH, _WHICH_ENDINGS
        draft.conclusion = Conclusion("greatest", (x, y), (draft.noun(x), draft.noun(y)))
    else:
        draft.questions, draft.endings = WHETHER, _YES if more == x else _NO
        draft.conclusion = Conclusion("greater", (x, y))
    return draft
