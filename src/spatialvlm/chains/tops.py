"""top: which of two things reaches higher, or does one reach above a given height? Bottom plus height, compared."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, seen_apart
from spatialvlm.quantities import say_limit

WHETHER = (
    "Is the top of [A] higher than the top of [B]?",
    "Does [A] reach higher than [B]?",
    "Does the top of [A] lie above the top of [B]?",
    "Is the highest point of [A] above that of [B]?",
    "Would a level board that rests on the top of [B] be below the top of [A]?",
    "Comparing their tops, is [A] higher than [B]?",
    "Is it true that [A] reaches farther up than [B]?",
    "Measured from [P], is the top of [A] higher than that of [B]?",
    "Judging from the picture, does [A] rise above the top of [B]?",
)
WHICH = (
    "Which reaches higher, [A] or [B]?",
    "Which has the higher top, [A] or [B]?",
    "Whose top is farther above [P], that of [A] or that of [B]?",
    "Is the top of [A] or the top of [B] higher up?",
    "Which of [A] and [B] has its highest point farther up?",
    "Measured from [P], which top is higher: that of [A] or that of [B]?",
    "If water rose in the room, which would be covered last, [A] or [B]?",
    "Compare the tops of [A] and [B]. Which is higher?",
)
GIVEN = (
    "Is the top of [A] higher than [W] above [P]?",
    "Does [A] reach above a height of [W]?",
    "Would the top of [A] be above a line drawn [W] above [P]?",
    "Is the highest point of [A] more than [W] above [P]?",
    "A shelf is to be hung [W] above [P]. Does [A] reach higher than that?",
    "Counted from [P], is the top of [A] above [W]?",
    "Does the top of [A] lie more than [W] up?",
    "I can reach [W] above [P]. Is the top of [A] higher than that?",
)
_PLANS = (
    "What counts is how high each top is above [P].",
    "A top is as high as the bottom plus the height of the thing itself.",
    "I work out the height of each top above [P].",
)
_GIVEN_PLANS = (
    "I need how high the bottom of [A] is above [P], and how tall [A] is.",
    "The top is as high as the bottom, plus the height of [A].",
    "First the bottom of [A], then how tall it is.",
)
_STANDS = (
    "[A] stands on [P] and is [N] tall, so that is where its top is",
    "[A] stands on [P], and its top is [N] up",
    "[A] is [N] tall and stands on [P]",
)
_TOP = ("its top is at [E]", "so its top is at [E]", "that puts its top at [E]")
_DIFFERENCE = ("the difference is [E]", "one is higher by [E]", "the two differ by [E]")
_GIVEN_STEP = ("the height in question is [N]", "that has to be compared with [N]")
_GIVEN_DIFFERENCE = ("the difference is [E]", "the two differ by [E]")
_YES = ("So yes, [A] reaches higher.", "Yes, the top of [A] is the higher one.")
_NO = ("So no, [B] reaches higher.", "No, the top of [B] is the higher one.")
_WHICH_ENDINGS = ("So [G] reaches higher.", "The higher top is that of [G].")
_ABOVE = ("So yes, it reaches above [W].", "Yes, the top is above [W].")
_BELOW = ("So no, it stays below [W].", "No, the top is below [W].")
_FACTORS = (0.6, 0.75, 0.85, 1.15, 1.3, 1.5)
MOST_TIMES = 2.5


def top(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a question about how high things reach."""
    ids = book.some(rng, 2)
    if ids is None:
        return "not_measured"
    a, b = ids
    draft = Draft(book, "top", {"A": book.name(a), "B": book.name(b), "P": book.plane})
    if rng.random() < 0.3:
        return _given(draft, rng, a)
    heights = [height for height in (_height(book, a), _height(book, b)) if height is not None]
    if len(heights) < 2:
        return "not_measured"
    if book.given_away(ids, "height", "bottom"):
        return "given_away"
    if not seen_apart(*heights):
        return "too_close_to_call"
    standing = [id_ for id_ in ids if book.things[id_].standing]
    if len(standing) == 2 or book.mentioned(ids) or max(heights) > MOST_TIMES * min(heights):
        return "not_asked"
    draft.plans, draft.standing = _PLANS, tuple(standing)
    tops = _top(draft, a), _top(draft, b)
    more = 0 if heights[0] > heights[1] else 1
    draft.combine("difference", (tops[more], tops[1 - more]), "the difference", _DIFFERENCE)
    draft.slots["G"] = book.name(ids[more])
    if rng.random() < 0.5:
        draft.questions, draft.endings = WHICH, _WHICH_ENDINGS
        draft.conclusion = Conclusion("greatest", tops, (book.name(a), book.name(b)))
    else:
        draft.questions, draft.endings = WHETHER, _NO if more else _YES
        draft.conclusion = Conclusion("greater", tops)
    return draft


def _given(draft: Draft, rng: np.random.Generator, a: str) -> Draft | str:
    height = _height(draft.book, a)
    if height is None or draft.book.things[a].standing:
        return "not_measured"
    step = 0.1 if height > 0.5 else 0.05
    limit = round(round(height * float(rng.choice(_FACTORS)) / step) * step, 2)
    if limit < step or not seen_apart(limit, height):
        return "not_asked"
    draft.slots["W"] = say_limit(limit, 0.0)
    draft.questions, draft.plans, draft.endings = GIVEN, _GIVEN_PLANS, _ABOVE if height > limit else _BELOW
    reached = _top(draft, a)
    given = draft.combine("given", (), "the height to compare with", _GIVEN_STEP, limit)
    pair = (reached, given) if height > limit else (given, reached)
    draft.combine("difference", pair, "the difference", _GIVEN_DIFFERENCE)
    draft.conclusion = Conclusion("greater", (reached, given))
    return draft


def _height(book: FactBook, id_: str) -> float | None:
    """Compute how high the top of a thing is above the plane."""
    tall, bottom = book.length("height", id_), 0.0 if book.things[id_].standing else book.length("elevation", id_)
    return None if tall is None or bottom is None else bottom + tall


def _top(draft: Draft, id_: str) -> int:
    """Put down the steps that lead to the top of a thing, and return the last one."""
    tall, bottom = draft.book.fact("height", id_), draft.book.fact("elevation", id_)
    assert tall is not None
    if draft.book.things[id_].standing:
        return draft.measure(tall, says=_STANDS)
    assert bottom is not None
    parts = draft.measure(bottom), draft.measure(tall)
    label = f"the top of [{'A' if draft.book.name(id_) == draft.slots['A'] else 'B'}]"
    return draft.combine("sum", parts, label, _TOP)
