"""extremum: which of three is nearest to a fourth, or farthest from it? Three distances."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, pick, seen_apart
from spatialvlm.chains.uncertain_numbers import length_of

NEAREST = (
    "Which is nearest to [A], [H]: [M]?",
    "[H], which of [L] is closest to [A]?",
    "Of [L], which one is nearest to [A], [H]?",
    "What is closest to [A], [H]: [M]?",
    "[L]: which of them is closest to [A], [H]?",
    "Looking for what is nearest to [A], [H], would you take [M]?",
    "Which has the shortest distance to [A], [H]: [M]?",
    "Is it [M] that is nearest to [A], [H]?",
)
FARTHEST = (
    "Which is farthest from [A], [H]: [M]?",
    "[H], which of [L] is farthest from [A]?",
    "Of [L], which one is farthest from [A], [H]?",
    "What is farthest away from [A], [H]: [M]?",
    "[L]: which of them is farthest away from [A], [H]?",
    "Looking for what is farthest from [A], [H], would you take [M]?",
    "Which has the longest distance to [A], [H]: [M]?",
    "Is it [M] that is farthest from [A], [H]?",
)
_HOW = {"gap": "measured from edge to edge", "distance": "measured from center to center"}
_PLANS = (
    "I measure from [A] to each of the three, [h].",
    "I need three distances, each from [A], [h].",
    "I take the three one by one and measure [h].",
)
_NEAREST_ENDINGS = (
    "The shortest of the three is [G], so it is [X].",
    "[G] is less than the other two, so the answer is [X].",
)
_FARTHEST_ENDINGS = (
    "The longest of the three is [G], so it is [X].",
    "[G] is more than the other two, so the answer is [X].",
)


def extremum(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a choice of the nearest, or the farthest, of three."""
    ids = book.some(rng, 4)
    if ids is None:
        return "not_measured"
    kind = pick(rng, ("gap", "distance"))
    anchor, options = ids[0], ids[1:]
    facts = [book.fact(kind, anchor, option) for option in options]
    lengths = [length_of(fact) for fact in facts if fact is not None]
    if len(lengths) < 3:
        return "not_measured"
    if book.mentioned(ids):
        return "not_asked"
    nearest = bool(rng.integers(2))
    ranked = sorted(lengths) if nearest else sorted(lengths, reverse=True)
    if not seen_apart(ranked[0], ranked[1]):
        return "too_close_to_call"
    names = [book.name(option) for option in options]
    place = lengths.index(ranked[0])
    listed = f"{names[0]}, {names[1]}"
    slots = {"A": book.name(anchor), "H": _HOW[kind], "h": _HOW[kind].removeprefix("measured "), "X": names[place]}
    slots |= {"L": f"{listed} and {names[2]}", "M": f"{listed} or {names[2]}"}
    draft = Draft(book, "extremum", slots, NEAREST if nearest else FARTHEST, _PLANS)
    steps = [draft.measure(fact, (anchor, option)) for fact, option in zip(facts, options) if fact is not None]
    endings = _NEAREST_ENDINGS if nearest else _FARTHEST_ENDINGS
    draft.endings = tuple(line.replace("[G]", f"[n{steps[place]}]") for line in endings)
    draft.conclusion = Conclusion("least" if nearest else "greatest", tuple(steps), tuple(names))
    return draft
