"""sum: how long is the way over three places, how high is one thing on top of another? Two lengths, added."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, head_of

WALK = (
    "If I walk from [A] to [B] and then on to [C], how far is it?",
    "How far is it to walk from [A] to [B] and from there to [C]?",
    "I go from [A] straight to [B], and from [B] straight to [C]. How far is that in all?",
    "How long is the way from [A] by way of [B] to [C], along the floor?",
    "Starting at [A], someone walks to [B] and then to [C]. How far do they go?",
    "What is the total distance along the floor from [A] to [B] and on to [C]?",
    "A robot drives from [A] to [B] and on to [C] in straight lines. How far does it drive?",
    "How many meters is it from [A] to [B] and then to [C]?",
    "You walk from [A] to [B], then from [B] to [C]. What distance have you covered?",
)
STRING = (
    "If a string ran from [A] to [B] and then on to [C], how long would it have to be?",
    "How long a cord does it take to go from [A] to [B] and from there to [C]?",
    "A fly goes from [A] straight to [B] and then straight to [C]. How far does it fly?",
    "What is the length of a line that goes from [A] to [B] and then to [C], center to center?",
    "What do the distances from [A] to [B] and from [B] to [C] add up to, center to center?",
    "I move my hand from [A] to [B] and then to [C]. How far does it travel?",
    "From [A] straight to [B], then straight to [C]: how far is that, center to center?",
    "Going through the air from the center of [A] to that of [B] and on to that of [C], how far is it?",
)
STACK = (
    "If [A] stood on top of [B], how high would its top be above [P]?",
    "How high above [P] would [A] reach if it were put on top of [B]?",
    "Put [A] on top of [B]. How tall are the two together?",
    "How tall would [A] and [B] be, one on top of the other?",
    "What height do [B] and [A] make when stacked?",
    "Suppose someone sets [A] on [B]. How far above [P] is the top then?",
    "What is the total height of [A] placed on top of [B]?",
    "How much room in height does it take to put [A] on top of [B]?",
)
_WALK_PLANS = (
    "The way has two parts: from [A] to [B], and from [B] to [C].",
    "I measure the way from [A] to [B] and the one from [B] to [C], center to center, and add them.",
    "Two stretches make up the way, one to [B] and one from there to [C].",
)
_STACK_PLANS = (
    "I need the heights of both.",
    "One on top of the other, their heights add up.",
    "The top is as high as [B] and [A] are tall together.",
)
_SUM = ("together that makes [E]", "in all that is [E]", "adding the two gives [E]", "the sum is [E]")
_ENDINGS = ("So it is about [N].", "That comes to about [N].", "So the answer is about [N].")
LEAST_STEP_M = 0.5
_CARRIES = """
    bench bookcase bookshelf box cabinet chair chest counter crate cupboard desk dresser drawer fridge microwave
    nightstand ottoman oven printer refrigerator shelf sideboard stand stool stove suitcase table trunk wardrobe
"""
CARRIES = frozenset(_CARRIES.split())
"""Head nouns of what people put things on; nobody puts a computer mouse on a plant."""


def add_up(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a sum of two lengths."""
    which = int(rng.integers(3))
    if which == 2:
        return _stack(book, rng)
    walks = which == 0 and book.on_floor
    kind, questions = ("horizontal_distance", WALK) if walks else ("distance", STRING)
    ids = book.some(rng, 3, standing=walks)
    if ids is None:
        return "not_measured"
    a, b, c = ids
    first, second = book.fact(kind, a, b), book.fact(kind, b, c)
    if first is None or second is None:
        return "not_measured"
    if book.mentioned(ids) or (
        walks and min(book.length(kind, a, b) or 0, book.length(kind, b, c) or 0) < LEAST_STEP_M
    ):
        return "not_asked"
    draft = Draft(book, "sum", _names(book, *ids), questions, _WALK_PLANS, _ENDINGS)
    draft.standing = tuple(ids) if walks else ()
    parts = draft.measure(first, (a, b)), draft.measure(second, (b, c))
    total = draft.combine("sum", parts, "the whole way", _SUM)
    draft.conclusion = Conclusion("amount", (total,))
    return draft


def _stack(book: FactBook, rng: np.random.Generator) -> Draft | str:
    ids = book.some(rng, 2)
    if ids is None:
        return "not_measured"
    a, b = ids
    upper, lower = book.fact("height", a), book.fact("height", b)
    widths = book.length("width", a), book.length("width", b)
    if upper is None or lower is None or widths[0] is None or widths[1] is None:
        return "not_measured"
    carries = head_of(book.name(b)) in CARRIES
    if not carries or not book.things[b].standing or widths[0] > widths[1] or book.mentioned(ids):
        return "not_asked"
    draft = Draft(book, "sum", _names(book, a, b) | {"P": book.plane}, STACK, _STACK_PLANS, _ENDINGS, standing=(b,))
    parts = draft.measure(lower), draft.measure(upper)
    total = draft.combine("sum", parts, "the height of both", _SUM)
    draft.conclusion = Conclusion("amount", (total,))
    return draft


def _names(book: FactBook, *ids: str) -> dict[str, str]:
    return {letter: book.name(id_) for letter, id_ in zip("ABC", ids)}
